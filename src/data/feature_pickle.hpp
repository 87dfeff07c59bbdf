// A pickle read as data, never run: a stack machine for the opcodes that torch.save writes. An
// opcode or a global outside the lists is refused by its name, and what would be a call in Python
// only builds one of the few records below. Source of the opcodes: pickletools in the Python
// standard library (protocols 2 to 5).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tractrix::data::pickle {

// One Python object. Lists may hold themselves or share items; nothing here expands them.
struct Value {
  enum class Type {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    tuple,
    list,
    dict,     // items: key, value, key, value ...
    mapping,  // an OrderedDict, likewise
    global,   // name: module.name
    storage,  // text: key, name: class, integer: number of elements
    tensor,   // items: storage, offset, sizes, strides
    array,    // numpy: name: dtype such as "<f4", items[0]: shape, text: bytes; name is empty until
              // it is built
    dtype     // numpy: name
  };
  Type type = Type::none;
  int64_t integer = 0;
  double real = 0;
  std::string text, name;
  std::vector<Value*> items;

  bool is(Type other) const { return type == other; }
};
using Ref = Value*;
using Type = Value::Type;

// Owns all objects of one pickle: circles and depth then cost nothing when they are released.
class Arena {
 public:
  explicit Arena(std::string file) : file_(std::move(file)) {}
  Ref make(Type type);
  const std::deque<Value>& all() const { return values_; }
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  std::deque<Value> values_;
  std::string file_;
};

struct Loaded {
  std::shared_ptr<Arena> arena;
  Ref value = nullptr;
  uint64_t used = 0;  // bytes of the input: legacy files hold several pickles in a row
};

// Throws an Error that names the file and the opcode, global or limit.
Loaded load(std::string_view bytes, const std::string& file);

// A global that may be named; throws for all others, called or not.
Ref global(const std::string& module, const std::string& name, Arena& arena);
// What REDUCE of a global makes.
Ref call(const Value& function, const Value& arguments, Arena& arena);
// What BUILD does: numpy's records get their state, attributes of an OrderedDict are left out.
void build(Value& object, const Value& state, Arena& arena);

// For messages: "int 3", "str 'cpu'".
std::string shown(const Value& value);

}  // namespace tractrix::data::pickle
