#include "tractrix/nn/few_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "tractrix/kernels/attention.hpp"

namespace tractrix::nn {
namespace few_attention {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool served(at::TensorList all) {
  const auto type = all[0].scalar_type();
  if (type != at::kFloat && type != at::kDouble) return false;
  return std::all_of(all.begin(), all.end(), [type](const at::Tensor& t) {
    return t.device().is_cpu() && t.scalar_type() == type;
  });
}

// Columns next to each other, as the kernels read rows.
at::Tensor readable(const at::Tensor& x) {
  return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

// [B, heads, n, e] that lies as [B, n, heads, e]: the heads of a row together, as the layers after
// it want them.
at::Tensor empty_rows(const at::Tensor& like) {
  return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options())
      .transpose(1, 2);
}

// The h-th of the B * heads heads.
template <class T>
kernels::Rows<const T> rows(const at::Tensor& x, int64_t h) {
  const int64_t heads = x.size(1);
  return {x.const_data_ptr<T>() + h / heads * x.stride(0) + h % heads * x.stride(1), x.stride(2)};
}
template <class T>
kernels::Rows<T> rows_to_write(const at::Tensor& x, int64_t h) {
  const auto at = rows<T>(x, h);
  return {const_cast<T*>(at.data), at.stride};
}
// Of a tensor without gaps.
template <class T>
T* whole(const at::Tensor& x, int64_t h) {
  return x.data_ptr<T>() + h * x.size(2) * x.size(3);
}

template <class F>
void each_head(const at::Tensor& x, const F& work) {
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "few_attention", [&] {
    at::parallel_for(0, x.size(0) * x.size(1), 1, [&](int64_t from, int64_t to) {
      for (int64_t h = from; h < to; ++h) work(h, scalar_t{});
    });
  });
}

struct Few : torch::autograd::Function<Few> {
  template <class T>
  static kernels::FewKeys<T> head(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  int64_t weight, int64_t h) {
    const auto first = static_cast<T>(weight > 1 ? std::log(static_cast<double>(weight)) : 0);
    return {q.size(2), k.size(2), q.size(3), rows<T>(q, h), whole<T>(k, h), whole<T>(v, h), first};
  }

  static at::Tensor forward(AutogradContext* context, const at::Tensor& q_in,
                            const at::Tensor& k_in, const at::Tensor& v_in, int64_t weight) {
    const at::Tensor q = readable(q_in), k = k_in.contiguous(), v = v_in.contiguous();
    at::Tensor y = empty_rows(q);
    const at::Tensor lse = at::empty({q.size(0), q.size(1), q.size(2), 1}, q.options());
    each_head(q, [&]<class T>(int64_t h, T) {
      kernels::few_keys<T>(head<T>(q, k, v, weight, h), rows_to_write<T>(y, h), whole<T>(lse, h));
    });
    context->save_for_backward({q, k, v, lse});
    context->saved_data["weight"] = weight;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto kept = context->get_saved_variables();
    const at::Tensor &q = kept[0], &k = kept[1], &v = kept[2], &lse = kept[3],
                     dy = readable(grads[0]);
    const int64_t weight = context->saved_data["weight"].toInt();
    const at::Tensor dq = empty_rows(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
    each_head(q, [&]<class T>(int64_t h, T) {
      kernels::few_keys_backward<T>(head<T>(q, k, v, weight, h), whole<T>(lse, h), rows<T>(dy, h),
                                    rows_to_write<T>(dq, h), whole<T>(dk, h), whole<T>(dv, h));
    });
    return {dq, dk, dv, {}};
  }
};

struct Many : torch::autograd::Function<Many> {
  template <class T>
  static kernels::ManyKeys<T> head(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                   int64_t zeros, int64_t h) {
    return {k.size(2), q.size(2), q.size(3), whole<T>(q, h), rows<T>(k, h), rows<T>(v, h), zeros};
  }

  static at::Tensor forward(AutogradContext* context, const at::Tensor& q_in,
                            const at::Tensor& k_in, const at::Tensor& v_in, int64_t zeros) {
    const at::Tensor q = q_in.contiguous(), k = readable(k_in), v = readable(v_in);
    at::Tensor y = at::empty(q.sizes(), q.options());
    const at::Tensor lse = at::empty({q.size(0), q.size(1), q.size(2), 1}, q.options());
    each_head(q, [&]<class T>(int64_t h, T) {
      kernels::many_keys<T>(head<T>(q, k, v, zeros, h), whole<T>(y, h), whole<T>(lse, h));
    });
    context->save_for_backward({q, k, v, y, lse});
    context->saved_data["zeros"] = zeros;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto kept = context->get_saved_variables();
    const at::Tensor &q = kept[0], &k = kept[1], &v = kept[2], &y = kept[3], &lse = kept[4];
    const at::Tensor dy = grads[0].contiguous();
    const int64_t zeros = context->saved_data["zeros"].toInt();
    const at::Tensor dq = at::zeros_like(q), dk = empty_rows(k), dv = empty_rows(v);
    each_head(q, [&]<class T>(int64_t h, T) {
      kernels::many_keys_backward<T>(head<T>(q, k, v, zeros, h), whole<T>(y, h), whole<T>(lse, h),
                                     whole<T>(dy, h), whole<T>(dq, h), rows_to_write<T>(dk, h),
                                     rows_to_write<T>(dv, h));
    });
    return {dq, dk, dv, {}};
  }
};

struct Filter : torch::autograd::Function<Filter> {
  template <class T>
  static kernels::RowFilter<T> head(const at::Tensor& x, const at::Tensor& w, int64_t h) {
    return {x.size(2), x.size(3), w.size(2), w.const_data_ptr<T>() + h % w.size(0) * w.size(2)};
  }

  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in,
                            const at::Tensor& w_in) {
    const at::Tensor x = readable(x_in), w = w_in.contiguous();
    at::Tensor y = empty_rows(x);
    each_head(x, [&]<class T>(int64_t h, T) {
      kernels::filter_rows<T>(head<T>(x, w, h), rows<T>(x, h), rows_to_write<T>(y, h));
    });
    context->save_for_backward({x, w});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto kept = context->get_saved_variables();
    const at::Tensor &x = kept[0], &w = kept[1], dy = readable(grads[0]);
    const at::Tensor dx = empty_rows(x);
    const at::Tensor dw = at::zeros({x.size(0), w.size(0), w.size(2), 1}, w.options());
    each_head(x, [&]<class T>(int64_t h, T) {
      kernels::filter_rows_backward<T>(head<T>(x, w, h), rows<T>(x, h), rows<T>(dy, h),
                                       rows_to_write<T>(dx, h), whole<T>(dw, h));
    });
    return {dx, dw.sum(0).unsqueeze(1)};
  }
};

// Threads share the columns of a sample; a cache line of floats is the smallest part.
constexpr int64_t kColumnsAtOnce = 16;

template <class F>
void each_part(const at::Tensor& x, const F& work) {
  const int64_t columns = x.size(2), parts = (columns + kColumnsAtOnce - 1) / kColumnsAtOnce;
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "filter_grid", [&] {
    at::parallel_for(0, x.size(0) * parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        const int64_t first = i % parts * kColumnsAtOnce;
        work(i / parts, first, std::min(columns, first + kColumnsAtOnce), scalar_t{});
      }
    });
  });
}

struct Grid : torch::autograd::Function<Grid> {
  template <class T>
  static kernels::Rows<T> tokens(const at::Tensor& x, int64_t b) {
    return {const_cast<T*>(x.const_data_ptr<std::remove_const_t<T>>()) + b * x.stride(0),
            x.stride(1)};
  }
  template <class T>
  static kernels::GridFilter<T> filter(const at::Tensor& w, const at::Tensor& bias,
                                       const std::vector<int64_t>& shape) {
    return {
        shape[0], shape[1], w.size(1), shape[2], w.const_data_ptr<T>(), bias.const_data_ptr<T>()};
  }

  // w [size * size, D]; shape: height, width, size
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x_in,
                            const at::Tensor& w_in, const at::Tensor& bias_in,
                            const std::vector<int64_t>& shape) {
    const at::Tensor x = x_in.stride(2) == 1 ? x_in : x_in.contiguous(), w = w_in.contiguous(),
                     bias = bias_in.contiguous();
    at::Tensor y = at::empty(x.sizes(), x.options());
    each_part(x, [&]<class T>(int64_t b, int64_t from, int64_t to, T) {
      kernels::filter_grid<T>(filter<T>(w, bias, shape), tokens<const T>(x, b), tokens<T>(y, b),
                              from, to);
    });
    context->save_for_backward({x, w, bias});
    context->saved_data["shape"] = shape;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto kept = context->get_saved_variables();
    const at::Tensor &x = kept[0], &w = kept[1], &bias = kept[2], dy = grads[0].contiguous();
    const auto shape = context->saved_data["shape"].toIntVector();
    const at::Tensor dx = at::empty(x.sizes(), x.options()),
                     dw = at::empty({x.size(0), w.size(0), w.size(1)}, w.options()),
                     dbias = at::empty({x.size(0), w.size(1)}, w.options());
    each_part(x, [&]<class T>(int64_t b, int64_t from, int64_t to, T) {
      kernels::filter_grid_backward<T>(filter<T>(w, bias, shape), tokens<const T>(x, b),
                                       tokens<const T>(dy, b), tokens<T>(dx, b),
                                       dw[b].data_ptr<T>(), dbias[b].data_ptr<T>(), from, to);
    });
    return {dx, dw.sum(0), dbias.sum(0), {}};
  }
};

// One more column, which a weighted row meets with the logarithm of its weight: the scores come
// from the product as they are to be.
at::Tensor asking(const at::Tensor& q) { return at::constant_pad_nd(q, {0, 1}, 1); }

at::Tensor asked(at::Tensor k, int64_t weight) {
  k = at::constant_pad_nd(k, {0, 1});
  const at::NoGradGuard constant;
  k.select(2, 0).select(2, k.size(3) - 1).fill_(std::log(static_cast<double>(weight)));
  return k.transpose(2, 3);
}

at::Tensor by_stock_operators(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              int64_t weight) {
  if (weight < 2) return q.matmul(k.transpose(2, 3)).softmax(3).matmul(v);
  return asking(q).matmul(asked(k, weight)).softmax(3).matmul(v);
}

at::Tensor behind_a_zero_row(const at::Tensor& x) { return at::constant_pad_nd(x, {0, 0, 1, 0}); }

}  // namespace few_attention

at::Tensor attend_few(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                      int64_t weight) {
  if (few_attention::served({q, k, v})) return few_attention::Few::apply(q, k, v, weight);
  return few_attention::by_stock_operators(q, k, v, weight);
}

at::Tensor attend_many(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                       int64_t zeros) {
  if (few_attention::served({q, k, v})) return few_attention::Many::apply(q, k, v, zeros);
  if (zeros == 0) return few_attention::by_stock_operators(q, k, v, 0);
  return few_attention::by_stock_operators(q, few_attention::behind_a_zero_row(k),
                                           few_attention::behind_a_zero_row(v), zeros);
}

at::Tensor filter_rows(const at::Tensor& x, const at::Tensor& weight) {
  if (few_attention::served({x, weight})) return few_attention::Filter::apply(x, weight);
  return at::conv2d(x, weight, {}, 1, {weight.size(2) / 2, 0}, 1, weight.size(0));
}

at::Tensor filter_grid(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t height, int64_t width) {
  const int64_t size = weight.size(3);
  if (few_attention::served({x, weight, bias}))
    return few_attention::Grid::apply(x, weight.flatten(1).t(), bias,
                                      std::vector<int64_t>{height, width, size});
  const at::Tensor grid = x.transpose(1, 2).unflatten(2, {height, width});  // [B, D, H, W]
  return at::conv2d(grid, weight, bias, 1, size / 2, 1, grid.size(1)).flatten(2).transpose(1, 2);
}

}  // namespace tractrix::nn
