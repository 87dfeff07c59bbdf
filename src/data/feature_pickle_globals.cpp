// The globals a feature file may name, and what they stand for. Nothing else exists.
#include <algorithm>

#include "feature_pickle.hpp"
#include "tractrix/core/raw_file.hpp"

namespace tractrix::data::pickle {
namespace globals {

constexpr const char* kAllowed[] = {
    "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_parameter", "collections.OrderedDict", "torch.DoubleStorage",
    "torch.FloatStorage", "torch.HalfStorage", "torch.BFloat16Storage", "torch.LongStorage",
    "torch.IntStorage", "torch.ShortStorage", "torch.CharStorage", "torch.ByteStorage",
    "torch.BoolStorage",
    // numpy's arrays: TRIDENT saves one under the name .pt
    "numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct", "numpy.ndarray",
    "numpy.dtype", "_codecs.encode"};

void require(bool ok, const Value& function, Arena& arena) {
  if (!ok) arena.refuse("calls " + function.name + " with other arguments than torch.save writes");
}

// (storage, offset, sizes, strides, requires_grad, hooks, ...)
Ref rebuild_tensor(const Value& function, const Value& arguments, Arena& arena) {
  const auto& given = arguments.items;
  require(given.size() >= 4 && given.size() <= 7 && given[0]->is(Type::storage) &&
              given[1]->is(Type::integer) && given[2]->is(Type::tuple) && given[3]->is(Type::tuple),
          function, arena);
  for (int k : {2, 3})
    for (const auto& n : given[static_cast<size_t>(k)]->items)
      require(n->is(Type::integer), function, arena);
  const Ref tensor = arena.make(Type::tensor);
  tensor->items.assign(given.begin(), given.begin() + 4);
  return tensor;
}

// encode(text, 'latin1'): every character is one byte.
Ref encode(const Value& function, const Value& arguments, Arena& arena) {
  const auto& given = arguments.items;
  require(given.size() == 2 && given[0]->is(Type::text) && given[1]->is(Type::text) &&
              given[1]->text == "latin1",
          function, arena);
  const Ref bytes = arena.make(Type::bytes);
  const std::string& text = given[0]->text;
  bytes->text.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes->text += text[i];
      continue;
    }
    require((byte == 0xC2 || byte == 0xC3) && i + 1 < text.size(), function, arena);
    const auto next = static_cast<unsigned char>(text[++i]);
    require((next & 0xC0) == 0x80, function, arena);
    bytes->text += static_cast<char>((byte & 3) << 6 | (next & 0x3F));
  }
  return bytes;
}

// dtype('f4', False, True)
Ref make_dtype(const Value& function, const Value& arguments, Arena& arena) {
  const auto& given = arguments.items;
  require(!given.empty() && given[0]->is(Type::text), function, arena);
  constexpr const char* kKnown[] = {"f2", "f4", "f8", "i4", "i8"};
  const auto known = std::find(std::begin(kKnown), std::end(kKnown), given[0]->text);
  if (known == std::end(kKnown))
    arena.refuse("holds a numpy array of type '" + printable(given[0]->text) + "'");
  const Ref dtype = arena.make(Type::dtype);
  dtype->name = given[0]->text;
  return dtype;
}

// State: (1, shape, dtype, fortran order, bytes)
void build_array(Value& array, const Value& state, Arena& arena) {
  const auto& given = state.items;
  const bool sound = state.is(Type::tuple) && given.size() == 5 && given[1]->is(Type::tuple) &&
                     given[2]->is(Type::dtype) && given[3]->is(Type::boolean) &&
                     given[4]->is(Type::bytes);
  if (!sound || !array.name.empty())
    arena.refuse("builds a numpy array from something else than its state");
  for (const auto& n : given[1]->items)
    if (!n->is(Type::integer)) arena.refuse("holds a numpy array without a shape");
  if (given[3]->integer != 0) arena.refuse("holds a numpy array in Fortran order");
  array.name = given[2]->name;
  array.items = {given[1]};
  array.text = given[4]->text;
}

}  // namespace globals

Ref global(const std::string& module, const std::string& name, Arena& arena) {
  const std::string full = module + "." + name;
  for (const char* allowed : globals::kAllowed) {
    if (full != allowed) continue;
    const Ref value = arena.make(Type::global);
    value->name = full;
    return value;
  }
  arena.refuse("names " + printable(full));
}

Ref call(const Value& function, const Value& arguments, Arena& arena) {
  const std::string& name = function.name;
  const auto& given = arguments.items;
  if (name.rfind("torch._utils._rebuild_tensor", 0) == 0)
    return globals::rebuild_tensor(function, arguments, arena);
  if (name == "torch._utils._rebuild_parameter") {
    globals::require(given.size() == 3 && given[0]->is(Type::tensor), function, arena);
    return given[0];
  }
  if (name == "collections.OrderedDict") {
    globals::require(given.empty(), function, arena);
    return arena.make(Type::mapping);
  }
  if (name == "_codecs.encode") return globals::encode(function, arguments, arena);
  if (name == "numpy.dtype") return globals::make_dtype(function, arguments, arena);
  if (name.rfind("._reconstruct") != std::string::npos) {
    globals::require(
        given.size() == 3 && given[0]->is(Type::global) && given[0]->name == "numpy.ndarray",
        function, arena);
    return arena.make(Type::array);
  }
  arena.refuse("calls " + name);
}

void build(Value& object, const Value& state, Arena& arena) {
  if (object.is(Type::array)) return globals::build_array(object, state, arena);
  if (object.is(Type::mapping) && state.is(Type::dict)) return;  // _metadata of a state dict
  if (object.is(Type::dtype) && state.is(Type::tuple) && state.items.size() >= 2 &&
      state.items[1]->is(Type::text)) {
    if (state.items[1]->text != "<") arena.refuse("holds a numpy array that is not little-endian");
    return;
  }
  arena.refuse("sets the state of " + shown(object));
}

}  // namespace tractrix::data::pickle
