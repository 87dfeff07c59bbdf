#include "tractrix/train/fold_trainer.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "tractrix/train/sampling.hpp"

namespace tractrix::train {
namespace trainer_detail {

Tensors pick(const Tensors& all, const std::vector<std::string>& names) {
  Tensors rows;
  for (const auto& name : names) rows[name] = all.at(name).detach();
  return rows;
}

}  // namespace trainer_detail

using namespace trainer_detail;

FoldTrainer::FoldTrainer(recipe::Recipe& recipe, const data::Reader& reader, FoldSetup setup)
    : recipe_(&recipe),
      reader_(&reader),
      setup_(std::move(setup)),
      memory_(setup_.precision, true),
      stages_(recipe.stages()) {
  if (setup_.plans.size() != stages_.size()) throw std::logic_error("a plan per stage is needed");
  enter_stage();
}

FoldTrainer::~FoldTrainer() = default;

void FoldTrainer::enter_stage() {
  epoch_ = step_ = window_ = 0;
  cursor_ = 0;
  learning_ = false;
  table_ = {};
  carry_ = {};
  sums_ = {};
  rows_.clear();
  seen_.clear();
  pending_.clear();
  optimizer_.reset();
  if (finished()) return;
  make_optimizer();
  order_epoch();
  open_window();
}

void FoldTrainer::make_optimizer() {
  std::vector<Parameter> learnt;
  for (auto& item : recipe_->module().named_parameters()) {
    bool train = true, decay = true;
    for (const auto& rule : stage().rules) {
      if (!item.key().starts_with(rule.prefix)) continue;
      train = rule.train;
      decay = rule.decay;
    }
    item.value().set_requires_grad(train);
    item.value().mutable_grad().reset();
    if (train) learnt.push_back({item.key(), item.value(), decay});
  }
  optimizer_ = std::make_unique<Optimizer>(plan().optimizer, std::move(learnt));
}

void FoldTrainer::order_epoch() {
  const Seed order = setup_.order.at("stage", static_cast<uint64_t>(stage_))
                         .at("epoch", static_cast<uint64_t>(epoch_));
  std::vector<int64_t> copies(setup_.examples.size(), 1);
  if (plan().sampling == Sampling::weighted && !stage().cached) {
    std::vector<double> weights;
    for (const auto& example : setup_.examples) weights.push_back(example.weight);
    const Seed draw = setup_.fold.at("sample")
                          .at("stage", static_cast<uint64_t>(stage_))
                          .at("epoch", static_cast<uint64_t>(epoch_));
    copies = draw_counts(weights, static_cast<int64_t>(weights.size()), draw);
  }
  visits_.clear();
  for (size_t i = 0; i < copies.size(); ++i) {
    const auto& id = setup_.examples[i].id;
    // The key of an example knows no fold: any subset of patients is visited in the same order.
    for (int64_t copy = 0; copy < copies[i]; ++copy)
      visits_.push_back({order.at(id, static_cast<uint64_t>(copy)).key(), id});
  }
  std::sort(visits_.begin(), visits_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.key, a.id) < std::tie(b.key, b.id);
  });
}

int64_t FoldTrainer::windows() const {
  return (static_cast<int64_t>(visits_.size()) + plan().window - 1) / plan().window;
}

int64_t FoldTrainer::stage_steps() const {
  return plan().steps > 0 ? plan().steps : plan().epochs * windows();
}

void FoldTrainer::open_window() {
  const int64_t most =
      stage().cached ? plan().window : std::min(plan().window, setup_.contract.max_batch);
  const auto batch = static_cast<size_t>(plan().batch > 0 ? std::min(plan().batch, most) : most);
  const auto begin = static_cast<size_t>(window_ * plan().window);
  const auto end = std::min(begin + static_cast<size_t>(plan().window), visits_.size());
  // Rows of a batch must have the same inputs: visits are grouped by what is present and what of it
  // is left out, in order of first appearance.
  struct Group {
    std::vector<std::string> present, ids;
    std::string without;
  };
  std::vector<Group> groups;
  for (size_t i = begin; i < end; ++i) {
    auto present = stage().cached ? std::vector<std::string>{} : reader_->present(visits_[i].id);
    auto without = left_out(visits_[i], present);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
      return g.present == present && g.without == without;
    });
    if (group == groups.end())
      group = groups.insert(groups.end(), Group{std::move(present), {}, std::move(without)});
    group->ids.push_back(visits_[i].id);
  }
  batches_.clear();
  without_.clear();
  for (const auto& [present, ids, without] : groups) {
    for (size_t i = 0; i < ids.size(); i += batch) {
      batches_.emplace_back(ids.begin() + static_cast<int64_t>(i),
                            ids.begin() + static_cast<int64_t>(std::min(i + batch, ids.size())));
      without_.push_back(without);
    }
  }
  prefetch_next();
}

// By the visit's own lot, which knows no fold; never the last of the recipe's inputs.
std::string FoldTrainer::left_out(const Visit& visit,
                                  const std::vector<std::string>& present) const {
  const Seed lot = Seed(visit.key).at("modality_dropout");
  if (stage().cached || lot.uniform(0) >= plan().modality_dropout) return {};
  int64_t there = 0;
  std::vector<std::string> candidates;
  for (const auto& input : setup_.contract.inputs) {
    if (std::find(present.begin(), present.end(), input.name) == present.end()) continue;
    ++there;
    if (input.optional) candidates.push_back(input.name);
  }
  if (there < 2 || candidates.empty()) return {};
  return candidates[lot.at("which").key() % candidates.size()];
}

void FoldTrainer::prefetch_next() const {
  if (stage().cached) return;
  constexpr size_t kAhead = 2;
  for (size_t i = cursor_; i < std::min(batches_.size(), cursor_ + kAhead); ++i)
    reader_->prefetch(batches_[i]);
}

bool FoldTrainer::two_pass() const { return batches_.size() > 1 && !objective().coupled().empty(); }

Position FoldTrainer::position() const {
  if (finished()) return {stage_, 0, 0};
  size_t reach = static_cast<size_t>(window_ * plan().window);
  for (size_t i = 0; i < cursor_; ++i) reach += batches_[i].size();
  return {stage_, epoch_, visits_.empty() ? 0 : visits_[std::min(reach, visits_.size() - 1)].key};
}

double FoldTrainer::lr() const {
  if (finished()) return 0;
  return plan().lr * rate_factor(plan().schedule, {step_, stage_steps(), epoch_, plan().epochs});
}

data::Batch FoldTrainer::fetch(const std::vector<std::string>& ids, size_t number) const {
  const auto seed = setup_.fold.at("stage", static_cast<uint64_t>(stage_))
                        .at("step", static_cast<uint64_t>(step_))
                        .at("batch", number);
  if (!stage().cached) {
    data::Batch read = reader_->read(ids, seed);
    read.inputs.erase(without_.at(number));
    read.lengths.erase(without_.at(number));
    return read;
  }
  data::Batch batch;
  batch.ids = ids;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto found = std::find_if(setup_.examples.begin(), setup_.examples.end(),
                                    [&](const auto& e) { return e.id == ids[i]; });
    rows.push_back(found - setup_.examples.begin());
    batch.seeds.push_back(seed.at("row", i));
  }
  for (const auto& [name, value] : table_)
    batch.inputs[name] = value.index_select(0, at::tensor(rows, at::kLong).to(value.device()));
  return batch;
}

bool FoldTrainer::fill_table() {
  if (!stage().cached || !table_.empty()) return false;
  const at::NoGradGuard no_grad;
  recipe_->module().eval();
  const auto& id = setup_.examples[rows_.size()].id;
  memory_.guard(
      {id}, [&] { return reader_->read({id}, setup_.fold.at("cache").at(id)); },
      [&](const data::Batch& batch) {
        const Tensors out = stage().cached->forward(batch);
        rows_.push_back(pick(out, out.names()));
      },
      [] {}, [&] { return place(); });
  if (rows_.size() == setup_.examples.size()) {
    table_ = data::join_rows(rows_);
    rows_.clear();
    objective().begin(table_);
  }
  return true;
}

Mark FoldTrainer::step() {
  Mark mark{finished(), false, false, false, stage_, epoch_};
  if (mark.finished || fill_table()) return mark;
  if (visits_.empty() || stage_steps() == 0) {  // nothing to learn in this stage
    end_stage();
    mark.stage_end = true;
    return mark;
  }
  if (at_window_start()) keep_buffers();
  recipe_->module().train();
  objective().at({epoch_, step_, stage_steps()});
  const auto& ids = batches_[cursor_];
  const bool looking = two_pass() && !learning_;
  memory_.guard(
      ids, [&] { return fetch(ids, cursor_); },
      [&](const data::Batch& batch) {
        // The second pass of a window uses the same seed: its dropout masks are the first's.
        draw_from(setup_.fold.at("stage", static_cast<uint64_t>(stage_))
                      .at("step", static_cast<uint64_t>(step_))
                      .at("draw", cursor_));
        prefetch_next();
        if (looking) {
          look(batch);
        } else {
          learn(batch);
        }
      },
      [&] { drop_window(); }, [&] { return place(); });
  if (++cursor_ < batches_.size()) return mark;
  if (!looking) return finish_window();
  close_first_pass();
  return mark;
}

void FoldTrainer::end_stage() {
  ++stage_;
  enter_stage();
}

void FoldTrainer::drop_window() {
  cursor_ = 0;
  rows_.clear();
  seen_.clear();
  pending_.clear();
  cotangents_ = {};
  if (finished()) return;
  restore_buffers();  // a forward pass may have moved running statistics
  buffers_ = {};
  learning_ = false;
  optimizer_->zero_grad();
}

Named<double> FoldTrainer::epoch_terms() const {
  Named<double> means;
  for (const auto& [name, sum] : sums_) means[name] = sum.value / sum.examples;
  return means;
}

std::string FoldTrainer::place() const {
  return "stage " + stage().name + ", epoch " + std::to_string(epoch_ + 1) + ", step " +
         std::to_string(step_ + 1);
}

Tensors FoldTrainer::state() const {
  if (!at_window_start()) throw std::logic_error("a fold's state is only defined between windows");
  Tensors state;
  for (const auto& item : recipe_->module().named_parameters())
    state[item.key()] = item.value().detach();
  for (const auto& item : recipe_->module().named_buffers()) state[item.key()] = item.value();
  if (!finished()) {
    for (const auto& [name, value] : optimizer_->state()) state[name] = value;
  }
  for (const auto& [name, value] : carry_) state["carry/" + name] = value;
  return state;
}

Json FoldTrainer::counters() const {
  Json sums = Json::object();
  for (const auto& [name, sum] : sums_) sums[name] = {sum.value, sum.examples};
  return {{"stage", stage_},   {"epoch", epoch_},       {"step", step_},
          {"window", window_}, {"steps", total_steps_}, {"sums", sums}};
}

void FoldTrainer::restore(const Tensors& state, const Json& counters, const Tensors& table) {
  stage_ = counters.at("stage").get<int64_t>();
  enter_stage();
  epoch_ = counters.at("epoch").get<int64_t>();
  step_ = counters.at("step").get<int64_t>();
  window_ = counters.at("window").get<int64_t>();
  total_steps_ = counters.at("steps").get<int64_t>();
  for (const auto& [name, sum] : counters.at("sums").items())
    sums_[name] = {sum[0].get<double>(), sum[1].get<double>()};
  const at::NoGradGuard no_grad;
  for (auto& item : recipe_->module().named_parameters()) item.value().copy_(state.at(item.key()));
  for (auto& item : recipe_->module().named_buffers()) item.value().copy_(state.at(item.key()));
  for (const auto& [name, value] : state)
    if (name.starts_with("carry/")) carry_[name.substr(6)] = value.clone();
  table_ = table;
  if (finished()) return;
  optimizer_->restore(state);
  order_epoch();
  open_window();
}

}  // namespace tractrix::train
