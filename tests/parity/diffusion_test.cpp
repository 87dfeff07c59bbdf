// Noise schedules, grids, samplers, averages and embeddings of diffusers 0.35.2 in float64, and the
// four-token denoiser assembled from torch's encoder layers.
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <regex>

#include "support/golden_classes.hpp"
#include "tractrix/nn/denoiser.hpp"
#include "tractrix/nn/diffusion_sampler.hpp"
#include "tractrix/nn/moving_average.hpp"
#include "tractrix/nn/noise_schedule.hpp"
#include "tractrix/nn/time_embedding.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::test {
namespace diffusion_cases {

using namespace nn;

NoiseScheduleOptions schedule_of(const std::string& curve) {
  NoiseScheduleOptions o;
  if (curve == "linear") return o;
  o.curve = curve == "scaled_linear" ? BetaCurve::scaled_linear : BetaCurve::cosine;
  o.first = 8.5e-4;
  o.last = 1.2e-2;
  return o;
}

NoiseScheduleOptions schedule_of(const Json& config) {
  NoiseScheduleOptions o = schedule_of(config.value("beta_schedule", std::string("linear")));
  o.times = config.at("T");
  o.first = config.value("beta_start", o.first);
  o.last = config.value("beta_end", o.last);
  return o;
}

std::vector<std::string> stored_outputs(const Golden& golden) {
  std::vector<std::string> names;
  for (const auto& item : golden.stored())
    if (item.first.starts_with("out/")) names.push_back(item.first.substr(4));
  return names;
}

at::Tensor doubles(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

// diffusers builds its tables in float.
at::Tensor float_table(const NoiseScheduleOptions& o, const NoiseSchedule& schedule) {
  at::Tensor betas;
  if (o.curve == BetaCurve::linear)
    betas = at::linspace(o.first, o.last, o.times, at::kFloat);
  else if (o.curve == BetaCurve::scaled_linear)
    betas = at::linspace(std::sqrt(o.first), std::sqrt(o.last), o.times, at::kFloat).square();
  else
    betas = doubles(schedule.betas()).to(at::kFloat);
  return (1 - betas).cumprod(0);
}

struct StepEffects {
  std::vector<at::Tensor> of_start, of_x, deviation;
};

// What a step of the sampler does to a start of 1 and a state of 1, without noise.
StepEffects step_effects(const NoiseSchedule& schedule, int64_t times) {
  SamplerOptions ddpm;
  ddpm.kind = Sampler::ddpm;
  ddpm.steps = times;
  ddpm.prediction = Prediction::start;
  const DiffusionSampler sampler(schedule, ddpm);
  const at::Tensor one = at::ones({1, 1}, at::kDouble), none = at::zeros({1, 1}, at::kDouble);
  StepEffects out;
  for (int64_t k = times - 1; k >= 0; --k) {
    const auto still = [&](int64_t) { return none; };
    out.of_start.push_back(sampler.step(none, one, k, still).flatten());
    out.of_x.push_back(sampler.step(one, none, k, still).flatten());
    const auto moved = [&](int64_t) { return one; };
    out.deviation.push_back(sampler.step(none, none, k, moved).flatten());
  }
  return out;
}

Tensors run_schedule(Golden& golden) {
  const auto options = schedule_of(golden.config());
  const NoiseSchedule schedule(options);
  auto zeroed_options = options;
  zeroed_options.zero_terminal = true;
  const NoiseSchedule zeroed(zeroed_options);
  const at::Tensor alphas = doubles(schedule.alphas_cumprod()), betas = doubles(schedule.betas());
  const at::Tensor before = at::cat({at::ones({1}, at::kDouble), alphas.slice(0, 0, -1)});
  const at::Tensor small = ((1 - before) / (1 - alphas) * (1 - alphas / before)).clamp_min(1e-20);
  const at::Tensor step = alphas / before;
  auto [of_start, of_x, deviation] = step_effects(schedule, options.times);
  at::Tensor variance = at::cat(deviation).square();
  variance[0] = small[0];  // at time 0 nothing is added
  return {{"betas", betas},
          {"alphas_cumprod", alphas},
          {"alphas_cumprod_from_float32_tables", float_table(options, schedule)},
          {"sqrt_alphas_cumprod", alphas.sqrt()},
          {"sqrt_one_minus_alphas_cumprod", (1 - alphas).sqrt()},
          {"snr", alphas / (1 - alphas)},
          {"ddpm_coef_x0", at::cat(of_start)},
          {"ddpm_coef_xt", at::cat(of_x)},
          {"ddpm_variance_fixed_small", variance},
          {"ddpm_variance_fixed_small_log", variance.sqrt()},
          {"ddpm_variance_fixed_large", 1 - step},
          {"ddpm_variance_fixed_large_log", (1 - step).log()},
          {"zero_snr_alphas_cumprod", doubles(zeroed.alphas_cumprod())},
          {"zero_snr_betas", doubles(zeroed.betas())}};
}

Tensors run_forward(Golden& golden) {
  Tensors out;
  const at::Tensor x0 = golden.input("x0"), noise = golden.input("noise");
  const at::Tensor t = golden.value("in/t");
  for (const std::string curve : {"linear", "scaled_linear", "cosine"}) {
    NoiseScheduleOptions options = schedule_of(curve);
    options.times = golden.config().at("T");
    const NoiseSchedule schedule(options);
    out["x_t_" + curve] = schedule.diffuse(x0, noise, t);
    out["velocity_" + curve] = schedule.velocity(x0, noise, t);
  }
  const Json& limits = golden.config().at("thresholding");
  out["thresholded"] = dynamic_threshold(golden.input("to_threshold"), limits.at("ratio"),
                                         limits.at("sample_max_value"));
  return out;
}

Tensors run_ddpm_scheduler(Golden& golden) {
  return golden.config().contains("thresholding") ? run_forward(golden) : run_schedule(golden);
}

Spacing spacing_of(const std::string& name) {
  return name == "leading"    ? Spacing::leading
         : name == "trailing" ? Spacing::trailing
                              : Spacing::linspace;
}

// KIND_SPACING_offsetO_STEPS; one rule for both kinds.
Tensors run_grids(Golden& golden) {
  Tensors out;
  const std::regex form("dd[ip]m_([a-z]+)_offset([0-9]+)_([0-9]+)");
  for (const auto& name : stored_outputs(golden)) {
    std::smatch match;
    if (!std::regex_match(name, match, form)) throw Error(name, "is no grid's name");
    out[name] = at::tensor(time_grid(spacing_of(match[1]), golden.config().at("T"),
                                     std::stoll(match[3]), std::stoll(match[2])),
                           at::kLong);
  }
  return out;
}

SamplerOptions sampler_of(const Json& combo) {
  SamplerOptions o;
  o.kind = combo.at("kind") == "ddim" ? Sampler::ddim : Sampler::ddpm;
  const std::string prediction = combo.at("pred");
  o.prediction = prediction == "epsilon"        ? Prediction::noise
                 : prediction == "v_prediction" ? Prediction::velocity
                                                : Prediction::start;
  o.spacing = spacing_of(combo.at("spacing"));
  o.steps = combo.at("steps");
  o.offset = combo.value("offset", int64_t{0});
  o.eta = combo.value("eta", 0.0);
  if (combo.value("clip", false)) o.clip = combo.value("range", 1.0);
  o.reuse_clipped = combo.value("use_clipped", false);
  const std::string variance = combo.value("var", std::string("fixed_small"));
  o.variance = variance == "fixed_large"     ? Variance::large
               : variance == "learned_range" ? Variance::learned_range
                                             : Variance::small;
  o.equal_strides = true;
  o.end_at_one = combo.value("to_one", true);
  return o;
}

struct Toy : torch::nn::Module {
  explicit Toy(const Golden& golden)
      : w(register_parameter("W", golden.value("param/W"))),
        b(register_parameter("b", golden.value("param/b"))) {}
  at::Tensor w, b;
};

// All states of a run with at most 20 steps; of others the first 4, every tenth part from there,
// and the last 3 (again).
at::Tensor kept_states(const std::vector<at::Tensor>& all) {
  const size_t n = all.size();
  if (n <= 20) return at::stack(all);
  std::vector<at::Tensor> kept(all.begin(), all.begin() + 4);
  for (size_t k = 4; k < n; k += n / 10) kept.push_back(all[k]);
  kept.insert(kept.end(), all.end() - 3, all.end());
  return at::stack(kept);
}

Tensors run_trajectories(Golden& golden) {
  if (!golden.config().contains("combos")) return run_grids(golden);
  Toy toy(golden);
  golden.load(toy);
  const at::Tensor x = golden.input("x_T"), noise = golden.value("in/noise");
  Tensors out;
  for (const auto& combo : golden.config().at("combos")) {
    auto options = schedule_of(golden.config());
    options.zero_terminal = combo.value("zero_snr", false);
    const auto choice = sampler_of(combo);
    const DiffusionSampler sampler(NoiseSchedule(options), choice);
    std::vector<at::Tensor> states;
    const auto network = [&](const at::Tensor& rows, int64_t t) {
      const at::Tensor lines = rows.matmul(toy.w.t());
      const at::Tensor said =
          (lines + static_cast<double>(t) / static_cast<double>(options.times) * toy.b).tanh();
      return choice.variance == Variance::learned_range ? at::cat({said, lines.cos()}, 1) : said;
    };
    const std::string name = combo.at("name");
    out["end_" + name] = sampler.sample(
        x, network, [&](int64_t k) { return noise[k]; },
        [&](const at::Tensor& state) { states.push_back(state); });
    out["path_" + name] = kept_states(states);
  }
  return out;
}

// The noise is derived from the known start: any grid gives the start back.
Tensors run_exact(Golden& golden) {
  golden.tolerate({1e-9, 1e-9});  // at the last time of the cosine table a_t is 2e-9
  const at::Tensor z0 = golden.value("in/z0"), noise = golden.value("in/noise");
  Tensors out;
  const std::regex form("end_(.+)_([a-z]+)([0-9]+)");
  for (const auto& name : stored_outputs(golden)) {
    std::smatch match;
    if (!std::regex_match(name, match, form)) throw Error(name, "is no run's name");
    const NoiseSchedule schedule(schedule_of(match[1].str()));
    SamplerOptions options;
    options.spacing = spacing_of(match[2]);
    options.steps = std::stoll(match[3]);
    const DiffusionSampler sampler(schedule, options);
    const double first = schedule.alpha(sampler.grid().front());
    const at::Tensor start = std::sqrt(first) * z0 + std::sqrt(1 - first) * noise;
    out[name] = sampler.sample(start, [&](const at::Tensor& x, int64_t t) {
      const double alpha = schedule.alpha(t);
      return (x - std::sqrt(alpha) * z0) / std::sqrt(1 - alpha);
    });
    // linspace ends at time 0 for diffusers, which keeps noise there; ours ends at the start.
  }
  return out;
}

Tensors run_ddim_scheduler(Golden& golden) {
  return golden.config().contains("combos") ? run_trajectories(golden) : run_exact(golden);
}

Tensors run_embedding(Golden& golden) {
  const at::Tensor t = golden.value("in/t");
  Tensors out;
  const std::regex form(
      "(sin_cos|cos_sin)_([0-9]+)(?:_odd)?(?:_shift([0-9]+))?"
      "(?:_period([0-9]+))?(?:_scale([0-9]+))?");
  for (const auto& name : stored_outputs(golden)) {
    std::smatch match;
    if (!std::regex_match(name, match, form)) continue;
    SinusoidOptions o;
    o.cosine_first = match[1] == "cos_sin";
    o.dim = std::stoll(match[2]);
    if (match[3].matched) o.shift = std::stod(match[3]);
    if (match[4].matched) o.period = std::stod(match[4]);
    if (match[5].matched) o.scale = std::stod(match[5]);
    out[name] = sinusoid(t, o);
  }
  const auto first = golden.value("param/linear_1.weight"),
             second = golden.value("param/linear_2.weight");
  TimeEmbedding embedding(TimeEmbeddingOptions{first.size(1), first.size(0), second.size(0)});
  torch::nn::Module renamed;
  renamed.register_module("linear_1", embedding->named_children()["0"]);
  renamed.register_module("linear_2", embedding->named_children()["2"]);
  golden.load(renamed);
  out["mlp"] = embedding->forward(t);
  return out;
}

struct AverageCase {
  std::string name;
  MovingAverageOptions options;
};

// The settings of the case, of which its JSON gives the names alone.
std::vector<AverageCase> average_cases() {
  const auto ramp = AverageRamp::ramp, warmup = AverageRamp::warmup;
  return {{"plain_0999", {.most = 0.999, .ramp = ramp}},
          {"plain_09999_after5", {.most = 0.9999, .ramp = ramp, .after = 5}},
          {"warmup_p23", {.most = 0.9999, .ramp = warmup}},
          {"warmup_p34_min",
           {.most = 0.99, .least = 0.2, .ramp = warmup, .inverse_gamma = 5, .power = 0.75}},
          {"constant_09999_no_warmup", {.most = 0.9999}}};
}

struct One : torch::nn::Module {
  explicit One(const at::Tensor& start) : value(register_parameter("value", start)) {}
  at::Tensor value;
};

Tensors run_average(Golden& golden) {
  Tensors out;
  const auto outputs = stored_outputs(golden);
  for (const auto& [name, options] : average_cases()) {
    if (std::find(outputs.begin(), outputs.end(), "decay_" + name) != outputs.end()) {
      std::vector<double> decays;
      for (int64_t n : golden.config().at("decay_at").get<std::vector<int64_t>>())
        decays.push_back(average_decay(options, n));
      // diffusers keeps `least` from the first update that is no copy on.
      out["decay_" + name] = doubles(decays);
    }
    const at::Tensor zero = at::zeros_like(golden.value("in/step0"));
    One average(zero.clone()), live(zero.clone());
    std::vector<at::Tensor> shadows;
    for (int64_t n = 1; golden.has("in/step" + std::to_string(n - 1)); ++n) {
      live.value.set_data(golden.value("in/step" + std::to_string(n - 1)));
      update_average(average, live, average_decay(options, n));
      shadows.push_back(average.value.detach().clone());
    }
    out["shadow_" + name] = at::stack(shadows);
  }
  return out;
}

Tensors run_denoiser(Golden& golden) {
  const Json& c = golden.config();
  DenoiserOptions o;
  o.dim = c.at("d");
  o.layers = c.at("layers");
  o.heads = c.at("heads");
  o.feedforward = c.at("ff");
  o.time_hidden = c.at("time_hidden");
  Denoiser net(o);
  golden.load(*net);
  const at::Tensor z = golden.input("z"), cond = golden.input("cond"), cls = golden.input("cls");
  const at::Tensor eps = net->forward(z, golden.value("in/t"), {cond, cls});
  Tensors out{{"eps", eps}, {"loss", (golden.value("in/noise") - eps).square().mean()}};
  if (golden.stored().has("out/ddim50")) {
    const at::NoGradGuard no_grad;
    const DiffusionSampler sampler(NoiseSchedule(NoiseScheduleOptions{}), SamplerOptions{});
    out["ddim50"] = sampler.sample(z, [&](const at::Tensor& x, int64_t t) {
      return net->forward(x, at::full({x.size(0)}, static_cast<double>(t), at::kDouble),
                          {cond, cls});
    });
  }
  return out;
}

const bool kSchedules = knows_class("DDPMScheduler", run_ddpm_scheduler);
const bool kSampler = knows_class("DDIMScheduler", run_ddim_scheduler);
const bool kBoth = knows_class("DDIMScheduler, DDPMScheduler", run_trajectories);
const bool kEmbedding = knows_class("get_timestep_embedding, TimestepEmbedding", run_embedding);
const bool kAverage = knows_class("EMAModel", run_average);
const bool kDenoiser = knows_class(
    "nn.TransformerEncoderLayer(norm_first, gelu); assembly by specification U28/U29, no published "
    "code",
    run_denoiser);

}  // namespace diffusion_cases
}  // namespace tractrix::test
