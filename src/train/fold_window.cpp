// The windows of a FoldTrainer: one pass, or two passes where a loss ties the examples of a window
// together.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "tractrix/train/fold_trainer.hpp"
#include "tractrix/train/gradients.hpp"

namespace tractrix::train {
namespace window_detail {

at::Tensor total(const recipe::Terms& terms) {
  at::Tensor sum;
  for (const auto& term : terms) {
    if (term.weight == 0) continue;
    const auto weighted = term.weight == 1 ? term.value : term.weight * term.value;
    sum = sum.defined() ? sum + weighted : weighted;
  }
  return sum;
}

Tensors detached(const Tensors& all, const std::vector<std::string>& names) {
  Tensors rows;
  for (const auto& name : names) rows[name] = all.at(name).detach();
  return rows;
}

}  // namespace window_detail

void FoldTrainer::look(const data::Batch& batch) {
  const at::NoGradGuard no_grad;
  const Autocast autocast(setup_.precision, setup_.device.type());
  rows_.push_back(window_detail::detached(objective().forward(batch), objective().coupled()));
  seen_.push_back(data::without_inputs(batch));
}

// Gradient of the coupled loss: to the rows (kept as cotangents) and straight to the parameters it
// uses itself.
void FoldTrainer::close_first_pass() {
  restore_buffers();
  cursor_ = 0;
  learning_ = true;
  Tensors rows = data::join_rows(rows_);
  for (auto& [name, value] : rows) value.set_requires_grad(true);
  const auto window = data::join_targets(seen_);
  const auto terms = objective().window_loss(rows, window);
  note(terms, window.ids);
  const auto loss = window_detail::total(terms);
  if (loss.defined() && loss.requires_grad()) loss.backward();
  cotangents_ = {};
  for (const auto& [name, value] : rows) {
    cotangents_[name] = value.grad().defined() ? value.grad() : at::zeros_like(value);
  }
}

void FoldTrainer::learn(const data::Batch& batch) {
  Tensors out;
  recipe::Terms own;
  {
    const Autocast autocast(setup_.precision, setup_.device.type());
    out = objective().forward(batch);
    own = objective().loss(out, batch);
  }
  note(own, batch.ids);
  std::vector<at::Tensor> roots, cotangents;
  const auto add = [&](const at::Tensor& root, const at::Tensor& cotangent) {
    if (!root.defined() || !root.requires_grad()) return;
    roots.push_back(root);
    cotangents.push_back(cotangent);
  };
  const double share = static_cast<double>(batch.size()) / static_cast<double>(divisor());
  if (const auto loss = window_detail::total(own); loss.defined())
    add(share == 1 ? loss : loss * share, {});
  if (two_pass()) {
    int64_t start = 0;
    for (size_t i = 0; i < cursor_; ++i) start += static_cast<int64_t>(batches_[i].size());
    for (const auto& [name, cotangent] : cotangents_) {
      add(out.at(name), cotangent.narrow(0, start, batch.size()).to(out.at(name).scalar_type()));
    }
  } else {
    const auto coupled = objective().coupled();
    if (!coupled.empty()) {
      const auto terms = objective().window_loss(out, data::without_inputs(batch));
      note(terms, batch.ids);
      add(window_detail::total(terms), {});
    }
    rows_.push_back(window_detail::detached(out, coupled));
    seen_.push_back(data::without_inputs(batch));
  }
  if (!roots.empty()) torch::autograd::backward(roots, cotangents);
}

int64_t FoldTrainer::divisor() const {
  if (plan().accumulation == Accumulation::mcat) return plan().window;
  return std::min<int64_t>(plan().window,
                           static_cast<int64_t>(visits_.size()) - window_ * plan().window);
}

void FoldTrainer::note(const recipe::Terms& terms, const std::vector<std::string>& ids) {
  for (const auto& term : terms) {
    pending_.push_back(
        {term.name, term.value.detach().to(at::kDouble).reshape({}), term.weight != 0, ids});
  }
}

// One transfer per optimizer step: every loss term of the window and the gradient norm.
void FoldTrainer::settle(const at::Tensor& norm) {
  std::vector<at::Tensor> values;
  for (const auto& entry : pending_) values.push_back(entry.value);
  values.push_back(norm.to(at::kDouble).reshape({}));
  const auto numbers = at::stack(values).cpu();
  const double* value = numbers.const_data_ptr<double>();
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (!pending_[i].counts || std::isfinite(value[i])) continue;
    const Note bad = pending_[i];
    drop_window();
    throw Error(place(),
                "the loss term '" + bad.term + "' is not finite at " + enumerate(bad.ids, 40),
                "look at these patients with `tractrix data check`; a lower train.lr or train.clip "
                "may help");
  }
  if (!std::isfinite(value[pending_.size()])) {
    std::vector<std::string> ids;
    for (const auto& batch : batches_) ids.insert(ids.end(), batch.begin(), batch.end());
    drop_window();
    throw Error(place(), "the gradient is not finite in the window of " + enumerate(ids, 40),
                "a lower train.lr or train.clip may help");
  }
  for (size_t i = 0; i < pending_.size(); ++i) {
    auto& sum = sums_[pending_[i].term];
    const auto examples = static_cast<double>(pending_[i].ids.size());
    sum.value += value[i] * examples;
    sum.examples += examples;
  }
  pending_.clear();
}

Mark FoldTrainer::finish_window() {
  Mark mark{false, true, false, false, stage_, epoch_};
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (auto& item : recipe_->module().named_parameters()) {
    auto& gradient = item.value().mutable_grad();
    if (const auto* kept = carry_.find(item.key())) {
      gradient = gradient.defined() ? gradient + *kept : kept->clone();
    }
    if (gradient.defined()) gradients.push_back(gradient);
  }
  settle(grad_norm(gradients));
  if (plan().clip > 0) clip_grad_norm(gradients, plan().clip);
  int64_t members = 0;
  for (const auto& batch : batches_) members += static_cast<int64_t>(batch.size());
  carry_ = {};
  if (plan().accumulation == Accumulation::mcat && members < plan().window) {
    for (const auto& item : recipe_->module().named_parameters()) {
      if (item.value().grad().defined()) carry_[item.key()] = item.value().grad().clone();
    }
  } else {
    optimizer_->step(lr());
    ++step_;
    ++total_steps_;
  }
  optimizer_->zero_grad();
  objective().after_step(data::join_rows(rows_), data::join_targets(seen_));
  rows_.clear();
  seen_.clear();
  cotangents_ = {};
  buffers_ = {};
  cursor_ = 0;
  learning_ = false;
  advance(mark);
  return mark;
}

void FoldTrainer::advance(Mark& mark) {
  ++window_;
  if (window_ == windows()) {
    mark.epoch_end = true;
    ended_terms_ = epoch_terms();
    sums_ = {};
    ++epoch_;
    window_ = 0;
  }
  mark.stage_end = plan().steps > 0 ? step_ >= plan().steps : epoch_ >= plan().epochs;
  if (mark.stage_end) {
    if (!mark.epoch_end) ended_terms_ = epoch_terms();
    mark.epoch_end = true;  // the last, partial epoch of a stage counted in steps is reported too
    end_stage();
    mark.finished = finished();
    return;
  }
  if (mark.epoch_end) order_epoch();
  open_window();
}

// Of a stage counted in steps: as many as its steps make.
double FoldTrainer::epochs_of(const Plan& plan) const {
  if (plan.steps == 0) return static_cast<double>(plan.epochs);
  const auto examples = std::max<double>(1, static_cast<double>(setup_.examples.size()));
  return static_cast<double>(plan.steps * plan.window) / examples;
}

double FoldTrainer::epochs_of_stage_done() const {
  if (plan().steps > 0)
    return epochs_of(plan()) * static_cast<double>(step_) / static_cast<double>(plan().steps);
  double share =
      batches_.empty() ? 0 : static_cast<double>(cursor_) / static_cast<double>(batches_.size());
  if (two_pass()) share = (share + (learning_ ? 1 : 0)) / 2;
  const auto all = std::max<double>(1, static_cast<double>(windows()));
  return static_cast<double>(epoch_) + (static_cast<double>(window_) + share) / all;
}

double FoldTrainer::done() const {
  double before = 0, all = 0;
  for (int64_t s = 0; s < static_cast<int64_t>(setup_.plans.size()); ++s) {
    const double epochs = epochs_of(setup_.plans[static_cast<size_t>(s)]);
    all += epochs;
    if (s < stage_) before += epochs;
    if (s == stage_) before += epochs_of_stage_done();
  }
  return all > 0 ? std::min(1.0, before / all) : finished();
}

void FoldTrainer::keep_buffers() {
  buffers_ = {};
  for (const auto& item : recipe_->module().named_buffers())
    buffers_[item.key()] = item.value().clone();
}

void FoldTrainer::restore_buffers() {
  const at::NoGradGuard no_grad;
  for (auto& item : recipe_->module().named_buffers()) {
    if (const auto* value = buffers_.find(item.key())) item.value().copy_(*value);
  }
}

}  // namespace tractrix::train
