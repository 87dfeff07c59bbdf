#include "feature_pickle.hpp"

#include <cstring>
#include <unordered_map>

#include "tractrix/core/error.hpp"
#include "tractrix/core/raw_file.hpp"

namespace tractrix::data::pickle {
namespace machine {

constexpr size_t kMostValues = 1 << 18;  // objects of one pickle; a state dict has thousands
constexpr uint64_t kMostLine = 1024;     // of a global's name

class Machine {
 public:
  Machine(std::string_view bytes, const std::string& file)
      : bytes_(bytes), arena_(std::make_shared<Arena>(file)) {}
  Loaded run();

 private:
  [[noreturn]] void refuse(const std::string& what) const { arena_->refuse(what); }

  std::string_view take(uint64_t n) {
    if (n > bytes_.size() - at_)
      refuse("claims " + std::to_string(n) + " bytes that are not there");
    at_ += n;
    return bytes_.substr(at_ - n, n);
  }
  uint64_t number(size_t n) { return little_endian(take(n)); }
  std::string line() {
    const auto end = bytes_.find('\n', at_);
    if (end == std::string_view::npos || end - at_ > kMostLine) refuse("has a name without an end");
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }

  void push(Ref value) {
    if (stack_.size() >= kMostValues)
      refuse("has a stack of more than " + std::to_string(kMostValues) + " objects");
    stack_.push_back(value);
  }
  void push_integer(int64_t number_value) {
    const Ref value = arena_->make(Type::integer);
    value->integer = number_value;
    push(value);
  }
  void push_text(Type type, std::string_view text) {
    const Ref value = arena_->make(type);
    value->text = std::string(text);
    push(value);
  }
  void push_boolean(bool truth) {
    const Ref value = arena_->make(Type::boolean);
    value->integer = truth;
    push(value);
  }
  Ref pop() {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) refuse("takes from an empty stack");
    const Ref value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Ref top() const {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) refuse("takes from an empty stack");
    return stack_.back();
  }
  std::vector<Ref> pop_mark() {
    if (marks_.empty()) refuse("has no mark where one is needed");
    std::vector<Ref> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                           stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    count_references(items.size());
    return items;
  }
  void push_tuple(size_t n) {
    const Ref tuple = arena_->make(Type::tuple);
    tuple->items.resize(n);
    while (n > 0) tuple->items[--n] = pop();
    push(tuple);
  }

  void remember(uint64_t index) {
    memo_[index] = top();
    if (memo_.size() > kMostValues)
      refuse("remembers more than " + std::to_string(kMostValues) + " objects");
  }
  void recall(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end())
      refuse("recalls object " + std::to_string(index) + ", which was never stored");
    push(found->second);
  }

  void append(const std::vector<Ref>& items) {
    const Ref list = top();
    if (!list->is(Type::list)) refuse("appends to something that is no list");
    grow(*list, items);
  }
  void set_items(const std::vector<Ref>& items) {
    const Ref dict = top();
    if (!dict->is(Type::dict) && !dict->is(Type::mapping))
      refuse("sets items of something that is no dict");
    if (items.size() % 2 != 0) refuse("sets a key without a value");
    grow(*dict, items);
  }
  void grow(Value& holder, const std::vector<Ref>& items) {
    count_references(1);  // lists of several were counted with their mark
    holder.items.insert(holder.items.end(), items.begin(), items.end());
  }

  void count_references(size_t more) {
    references_ += more;
    if (references_ > 8 * kMostValues) refuse("holds too many references");
  }

  void long_integer(uint64_t length) {
    if (length > 10) refuse("holds an integer of " + std::to_string(length) + " bytes");
    const auto raw = take(length);
    if (length > 8)
      return push_text(Type::bytes,
                       raw);  // the magic number of legacy files; no number for anybody else
    uint64_t bits = little_endian(raw);
    if (length > 0 && length < 8 && (static_cast<unsigned char>(raw.back()) & 0x80))
      bits |= ~uint64_t{0} << (8 * length);
    push_integer(static_cast<int64_t>(bits));
  }
  void real() {
    const auto raw = take(8);
    std::string reversed(raw.rbegin(), raw.rend());
    const Ref value = arena_->make(Type::real);
    std::memcpy(&value->real, reversed.data(), 8);
    push(value);
  }

  void persistent_id();
  bool constants(unsigned char code);
  bool containers(unsigned char code);
  bool memory(unsigned char code);
  bool objects(unsigned char code);

  std::string_view bytes_;
  std::shared_ptr<Arena> arena_;
  uint64_t at_ = 0;
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, Ref> memo_;
  size_t references_ = 0;
};

// ('storage', class, key, location, elements) and, in legacy files, a view.
void Machine::persistent_id() {
  const Ref id = pop();
  const auto& parts = id->items;
  if (!id->is(Type::tuple) || (parts.size() != 5 && parts.size() != 6))
    refuse("has a persistent id that is no storage: " + shown(*id));
  if (!parts[0]->is(Type::text) || parts[0]->text != "storage")
    refuse("has a persistent id that is no storage");
  if (!parts[1]->is(Type::global) || !parts[2]->is(Type::text) || !parts[3]->is(Type::text) ||
      !parts[4]->is(Type::integer)) {
    refuse("has a storage that is described wrongly");
  }
  if (parts.size() == 6 && !parts[5]->is(Type::none))
    refuse("has a storage that is a view of another");
  const Ref storage = arena_->make(Type::storage);
  storage->name = parts[1]->name;
  storage->text = parts[2]->text;
  storage->integer = parts[4]->integer;
  push(storage);
}

bool Machine::constants(unsigned char code) {
  switch (code) {
    case 'N':
      return push(arena_->make(Type::none)), true;
    case 0x88:
      return push_boolean(true), true;
    case 0x89:
      return push_boolean(false), true;
    case 'J':
      return push_integer(static_cast<int32_t>(number(4))), true;
    case 'K':
      return push_integer(static_cast<int64_t>(number(1))), true;
    case 'M':
      return push_integer(static_cast<int64_t>(number(2))), true;
    case 0x8A:
      return long_integer(number(1)), true;
    case 0x8B:
      return long_integer(number(4)), true;
    case 'G':
      return real(), true;
    case 'X':
      return push_text(Type::text, take(number(4))), true;
    case 0x8C:
      return push_text(Type::text, take(number(1))), true;
    case 0x8D:
      return push_text(Type::text, take(number(8))), true;
    case 'U':
      return push_text(Type::text, take(number(1))), true;
    case 'T':
      return push_text(Type::text, take(number(4))), true;
    case 'C':
      return push_text(Type::bytes, take(number(1))), true;
    case 'B':
      return push_text(Type::bytes, take(number(4))), true;
    case 0x8E:
      return push_text(Type::bytes, take(number(8))), true;
    default:
      return false;
  }
}

bool Machine::containers(unsigned char code) {
  const auto pair = [&] {
    const Ref second = pop(), first = pop();
    return std::vector<Ref>{first, second};
  };
  switch (code) {
    case '(':
      return marks_.push_back(stack_.size()), true;
    case ')':
      return push(arena_->make(Type::tuple)), true;
    case 0x85:
      return push_tuple(1), true;
    case 0x86:
      return push_tuple(2), true;
    case 0x87:
      return push_tuple(3), true;
    case 't': {
      const Ref tuple = arena_->make(Type::tuple);
      tuple->items = pop_mark();
      return push(tuple), true;
    }
    case ']':
      return push(arena_->make(Type::list)), true;
    case 'a': {
      const Ref item = pop();
      return append({item}), true;
    }
    case 'e':
      return append(pop_mark()), true;
    case '}':
      return push(arena_->make(Type::dict)), true;
    case 's':
      return set_items(pair()), true;
    case 'u':
      return set_items(pop_mark()), true;
    default:
      return false;
  }
}

bool Machine::memory(unsigned char code) {
  switch (code) {
    case 'q':
      return remember(number(1)), true;
    case 'r':
      return remember(number(4)), true;
    case 0x94:
      return remember(memo_.size()), true;
    case 'h':
      return recall(number(1)), true;
    case 'j':
      return recall(number(4)), true;
    default:
      return false;
  }
}

bool Machine::objects(unsigned char code) {
  switch (code) {
    case 0x80: {
      const auto protocol = number(1);
      if (protocol < 2 || protocol > 5) refuse("has protocol " + std::to_string(protocol));
      return true;
    }
    case 0x95:
      return number(8), true;  // FRAME: only a hint for buffering
    case 'c': {
      const std::string module = line(), name = line();
      return push(global(module, name, *arena_)), true;
    }
    case 0x93: {
      const Ref name = pop(), module = pop();
      if (!name->is(Type::text) || !module->is(Type::text))
        refuse("names a global that is no text");
      return push(global(module->text, name->text, *arena_)), true;
    }
    case 'R': {
      const Ref arguments = pop(), function = pop();
      if (!function->is(Type::global)) refuse("calls something that is no global");
      if (!arguments->is(Type::tuple)) refuse("calls with arguments that are no tuple");
      return push(call(*function, *arguments, *arena_)), true;
    }
    case 'b': {
      const Ref state = pop();
      return build(*top(), *state, *arena_), true;
    }
    case 'Q':
      return persistent_id(), true;
    case '0':
      return pop(), true;
    default:
      return false;
  }
}

std::string opcode_name(unsigned char code) {
  struct Row {
    unsigned char code;
    const char* name;
  };
  constexpr Row kRefused[] = {
      {'i', "INST"},  {'o', "OBJ"},   {0x81, "NEWOBJ"}, {0x92, "NEWOBJ_EX"},   {0x82, "EXT1"},
      {0x83, "EXT2"}, {0x84, "EXT4"}, {'P', "PERSID"},  {0x97, "NEXT_BUFFER"}, {0x8F, "EMPTY_SET"}};
  for (const auto& row : kRefused)
    if (row.code == code) return row.name;
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string("0x") + kDigits[code >> 4] + kDigits[code & 15];
}

Loaded Machine::run() {
  for (;;) {
    if (at_ >= bytes_.size()) refuse("ends without STOP");
    const auto code = static_cast<unsigned char>(bytes_[at_++]);
    if (code == '.') break;
    if (!constants(code) && !containers(code) && !memory(code) && !objects(code))
      refuse("uses the opcode " + opcode_name(code));
  }
  const Ref result = pop();
  if (!stack_.empty() || !marks_.empty()) refuse("leaves objects on its stack");
  return {arena_, result, at_};
}

}  // namespace machine

void Arena::refuse(const std::string& what) const {
  throw Error(file_, "holds a pickle that " + what + "; it is read as data and never executed",
              "save one plain tensor: torch.save(tensor, path)");
}

Ref Arena::make(Type type) {
  if (values_.size() >= machine::kMostValues)
    refuse("makes more than " + std::to_string(machine::kMostValues) + " objects");
  values_.emplace_back().type = type;
  return &values_.back();
}

Loaded load(std::string_view bytes, const std::string& file) {
  return machine::Machine(bytes, file).run();
}

std::string shown(const Value& value) {
  switch (value.type) {
    case Type::integer:
      return "int " + std::to_string(value.integer);
    case Type::text:
      return "str '" + printable(value.text) + "'";
    case Type::global:
      return value.name;
    case Type::none:
      return "None";
    case Type::boolean:
      return "a bool";
    case Type::real:
      return "a float";
    case Type::bytes:
      return "bytes";
    case Type::tuple:
      return "a tuple";
    case Type::list:
      return "a list";
    default:
      return "an object";
  }
}

}  // namespace tractrix::data::pickle
