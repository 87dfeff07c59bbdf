"""Cases for check_architecture.py --self-test: path, text, and a part of each line that is to be reported."""
LATER = "TO" + "DO"
ELSEWHERE = "/ho" + "me/somebody/x"
WHOLE = "torch/" + "torch.h"


def body(lines):
    return "\n".join(["  step();"] * lines)


CASES = [
    # Arrows between rooms.
    ("src/core/a.cpp", '#include "tractrix/core/error.hpp"\n#include <vector>\n', []),
    ("src/core/a.cpp", '\n#include "tractrix/config/fields.hpp"\n', ["2: includes tractrix/config/fields.hpp"]),
    ("include/tractrix/nn/a.hpp", '#include "tractrix/config/fields.hpp"\n', ["expected for nn: only core"]),
    ("include/tractrix/nn/a.hpp", "#include <tractrix/config/fields.hpp>\n", ["expected for nn: only core"]),
    ("src/nn/a.cpp", '#include "nn/b.hpp"\n#include "b.hpp"\n', []),
    ("src/nn/a.cpp", '#include "train/b.hpp"\n', ["1: includes train/b.hpp"]),
    ("src/nn/a.cpp", '#include "../train/b.hpp"\n', ["1: includes ../train/b.hpp"]),
    ("src/recipes/a.cpp", '#include "tractrix/data/batch.hpp"\n#include "tractrix/nn/mlp.hpp"\n', []),
    ("src/recipes/a.cpp", '#include "tractrix/data/cohort.hpp"\n', ["includes tractrix/data/cohort.hpp"]),
    ("src/recipes/a.cpp", '#include "tractrix/train/plan.hpp"\n', ["includes tractrix/train/plan.hpp"]),
    ("src/train/a.cpp", '#include "tractrix/report/table.hpp"\n', ["includes tractrix/report/table.hpp"]),
    ("apps/tractrix/a.cpp", '#include "tractrix/report/table.hpp"\n#include "cmd.hpp"\n', []),
    ("src/data/spatial/a.cpp", '#include "tractrix/data/spatial/b.hpp"\n#include "tractrix/h5/c.hpp"\n', []),
    ("src/data/spatial/a.cpp", '#include "tractrix/data/cohort.hpp"\n', ["expected for spatial: only core config h5"]),
    ("src/data/a.cpp", '#include "tractrix/data/spatial/b.hpp"\n', ["includes tractrix/data/spatial/b.hpp"]),
    ("include/tractrix/data/spatial/a.hpp", "#include <ATen/ATen.h>\n", ["no torch in spatial"]),
    ("src/kitchen/a.cpp", "\n", ["room 'kitchen' is unknown"]),
    ("tests/unit/core/a_test.cpp", f'#include "tractrix/train/plan.hpp"\n#include <{WHOLE}>\n', []),
    # Torch.
    ("src/survival/a.cpp", "#include <ATen/ATen.h>\n#include <c10/util/Half.h>\n", ["1: includes ATen", "2: includes c10"]),
    ("src/cuda/a.cu", "#include <torch/extension.h>\n", ["no torch in cuda"]),
    ("src/tensor/a.cpp", "#include <ATen/ATen.h>\n", []),
    ("src/nn/a.cpp", f"#include <{WHOLE}>\n", ["expected: only the headers that are used"]),
    ("CMakeLists.txt", "tractrix_room(eval ROOMS core survival)\ntractrix_room(nn ROOMS core tensor TORCH)\n", []),
    ("CMakeLists.txt", "tractrix_room(eval ROOMS core train)\n", ["eval links train"]),
    ("CMakeLists.txt", "tractrix_room(core TORCH)\n", ["core links torch"]),
    # Sizes.
    ("CMakeLists.txt", "\n" * 81, ["file has 81 lines"]),
    ("src/core/a.cpp", "\n" * 400, []),
    ("src/core/a.cpp", "\n" * 401, ["file has 401 lines"]),
    ("src/recipes/a.cpp", "\n" * 251, ["expected: at most 250"]),
    ("docs/a.md", "\n" * 500, []),
    ("src/core/a.cpp", "int f(int a) {\n" + body(38) + "\n}\n", []),
    ("src/core/a.cpp", "int f(int a) {\n" + body(39) + "\n}\n", ["1: function has 41 lines"]),
    ("src/core/a.cpp", "namespace a {\n// }\nint f(int a,\n      int b) {\n" + body(38) + "\n}\n}\n", ["3: function has 41"]),
    ("src/core/a.cpp", 'struct A {\n  int g() { return "}"[0]; }\n' + "  int a = 0;\n" * 60 + "};\n", []),
    ("src/core/a.cpp", "template <class T>\nvoid f(T a) {\n" + body(39) + "\n}\n", ["1: function has 42"]),
    ("src/core/a.cpp", "A::A(int a) : a_{a}, b_(a) {\n" + body(40) + "\n}\n", ["1: function has 42"]),
    ("src/core/a.cpp", "void f(A a = {}) {\n" + body(40) + "\n}\n", ["1: function has 42"]),
    ("src/core/a.cpp", "const std::vector<int> a = {\n" + "  1,\n" * 50 + "};\n", []),
    ("src/core/a.cpp", "const auto f = [](int a) {\n" + body(40) + "\n};\n", ["1: function has 42"]),
    ("src/core/a.cpp", "const T t{{1, [](int a) {\n" + body(40) + "\n}}};\n", ["1: function has 42"]),
    ("src/core/a.cpp", "enum class A {\n" + "  a,\n" * 50 + "};\nvoid f() {\n" + body(40) + "\n}\n", ["53: function has 42"]),
    ("src/core/a.cpp", "#define A(x) \\\n  { (x)\nint n = 1'000'000;\nvoid f() {\n" + body(40) + "\n}\n", ["4: function has 42"]),
    ("tests/unit/core/a_test.cpp", "TEST(A, b) {\n" + body(40) + "\n}\n", ["1: function has 42"]),
    ("scripts/a.py", "def f():\n" + "    a = 1\n" * 40, ["1: function has 41"]),
    # Words.
    ("src/core/a.cpp", f"// {LATER}: later\n", [f"1: '{LATER}'"]),
    ("docs/a.md", f"see {ELSEWHERE} and https://example.org{ELSEWHERE}\n", ["no path of one machine"]),
    ("docs/a.md", "https://example.org/wo" + "rk/a and build/wo" + "rk/b\n", []),
    ("docs/CHANGELOG.md", "# Changes\n\n## [Unreleased]\n", []),
    ("docs/CHANGELOG.md", "# Changes\n", ["no Unreleased head"]),
]
