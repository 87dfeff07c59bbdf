// MERU and HyCoCLIP: their operations with their guards, and their losses.
#include <torch/torch.h>

#include "support/golden_classes.hpp"
#include "tractrix/geometry/curvature.hpp"
#include "tractrix/geometry/reference.hpp"

namespace tractrix::test {
namespace {

namespace meru = geometry::reference::meru;

Tensors run_operations(Golden& golden) {
  const auto c = golden.input("curv");
  const auto x = meru::exp0(golden.input("vx"), c), y = meru::exp0(golden.input("vy"), c);
  // Rows of the case whose angle is more than rounding.
  const auto rows = golden.name() == "meru_lorentz_c4_clamps"
                        ? torch::tensor({1, 5}, torch::kLong)
                        : torch::arange(std::min(x.size(0), y.size(0)));
  Tensors out{
      {"exp_map0", x},
      {"log_map0", meru::log0(x, c)},
      {"pairwise_inner", meru::pairwise_inner(x, y, c)},
      {"pairwise_dist", meru::pairwise_distance(x, y, c)},
      {"half_aperture", meru::half_aperture(x, c)},
      {"half_aperture_r03", meru::half_aperture(x, c, .3)},
      {"oxy_angle", meru::exterior_angle(x.index_select(0, rows), y.index_select(0, rows), c)}};
  if (golden.has("out/oxy_angle_eval")) out["oxy_angle_eval"] = meru::negative_angles(x, y, c);
  return out;
}

// The parameters under the names of the published models.
struct HeadsImpl : torch::nn::Module {
  explicit HeadsImpl(const Json& config)
      : curvature(*this, "curv", {.initial = config.at("curv_init")}) {
    const int64_t width = config.at("embed_dim");
    for (const char* side : {"visual", "textual"}) {
      const std::string name = side;
      const auto options = torch::nn::LinearOptions(config.at(name + "_width"), width).bias(false);
      linear.emplace(name, register_module(name + "_proj", torch::nn::Linear(options)));
      scalars[name + "_alpha"] = register_parameter(name + "_alpha", torch::zeros({}));
    }
    scalars["logit_scale"] = register_parameter("logit_scale", torch::zeros({}));
  }

  // As the models' forward begins: the stored numbers themselves are put into their bounds.
  void clamp() {
    curvature.clamp();
    torch::NoGradGuard no_grad;
    scalars.at("visual_alpha").clamp_max_(0);
    scalars.at("textual_alpha").clamp_max_(0);
    scalars.at("logit_scale").clamp_max_(4.6052);
  }

  at::Tensor lift(const std::string& side, const at::Tensor& features) {
    const auto scaled = linear.at(side)->forward(features) * scalars.at(side + "_alpha").exp();
    return meru::exp0(scaled, curvature.value());
  }

  geometry::Curvature curvature;
  std::map<std::string, torch::nn::Linear> linear;
  std::map<std::string, at::Tensor> scalars;
};
TORCH_MODULE(Heads);

struct Pass {
  Golden& golden;
  Heads heads;
  at::Tensor c, scale;

  explicit Pass(Golden& g) : golden(g), heads(g.config()) {
    golden.load(*heads);
    heads->clamp();
    c = heads->curvature.value();
    scale = heads->scalars.at("logit_scale").exp();
  }

  at::Tensor lifted(const char* input, const char* side) {
    return heads->lift(side, golden.input(input));
  }
  // Candidates of another process come first.
  at::Tensor gathered(const char* remote, const at::Tensor& local) {
    if (!golden.has(std::string("in/") + remote)) return local;
    return torch::cat({golden.input(remote), local});
  }
  at::Tensor contrast(const at::Tensor& a, const at::Tensor& all) {
    const auto targets = torch::arange(a.size(0)) + (all.size(0) - a.size(0));
    return torch::nn::functional::cross_entropy(-scale * meru::pairwise_distance(a, all, c),
                                                targets);
  }
  at::Tensor hinge(const at::Tensor& parent, const at::Tensor& child, double aperture) {
    const auto angle = meru::exterior_angle(parent, child, c);
    return (angle - aperture * meru::half_aperture(parent, c)).clamp_min(0).mean();
  }
  void finish(Tensors& out) {
    const double weight = golden.config().at("entail_weight");
    out["loss"] = out.at("contrastive_loss");
    if (weight > 0) out["loss"] = out.at("loss") + weight * out.at("entailment_loss");
    out["logit_scale"] = scale;
    out["curv"] = c;
    for (const auto& parameter : heads->named_parameters())
      if (golden.has("out/" + parameter.key() + "_after"))
        out[parameter.key() + "_after"] = parameter.value();
  }
};

Tensors run_meru(Golden& golden) {
  Pass pass(golden);
  const auto image = pass.lifted("image", "visual"), text = pass.lifted("text", "textual");
  const auto images = pass.gathered("remote_image", image);
  const auto texts = pass.gathered("remote_text", text);
  Tensors out;
  out["contrastive_loss"] = .5 * (pass.contrast(image, texts) + pass.contrast(text, images));
  out["entailment_loss"] = pass.hinge(text, image, 1);
  pass.finish(out);
  return out;
}

Tensors run_hycoclip(Golden& golden) {
  Pass pass(golden);
  const auto image = pass.lifted("image", "visual"), text = pass.lifted("text", "textual");
  const auto box_image = pass.lifted("box_image", "visual");
  const auto box_text = pass.lifted("box_text", "textual");
  const auto images = pass.gathered("remote_image", image);
  const auto texts = pass.gathered("remote_text", text);
  Tensors out;
  out["contrastive_loss"] =
      .25 * (pass.contrast(image, texts) + pass.contrast(text, images) +
             pass.contrast(box_image, texts) + pass.contrast(box_text, images));
  const auto across = pass.hinge(text, image, .7), boxes = pass.hinge(box_text, box_image, .7);
  const auto in_image = pass.hinge(box_image, image, 1.2);
  const auto in_text = pass.hinge(box_text, text, 1.2);
  out["text_image_entailment_loss"] = across;
  out["box_text_image_entailment_loss"] = boxes;
  out["cross_image_entailment_loss"] = in_image;
  out["cross_text_entailment_loss"] = in_text;
  out["entailment_loss"] = .5 * (across + boxes + in_image + in_text);
  pass.finish(out);
  return out;
}

const bool kOperations = knows_class("meru/lorentz.py", run_operations);
const bool kHycoclipOperations = knows_class("hycoclip/lorentz.py", run_operations);
const bool kHyperstOperations = knows_class("HyperST/lorentz.py", run_operations);
const bool kMeru = knows_class("MERU", run_meru);
const bool kHycoclip = knows_class("HyCoCLIP", run_hycoclip);

}  // namespace
}  // namespace tractrix::test
