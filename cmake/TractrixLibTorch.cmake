# tractrix::libtorch as our own imported target: torch's package file wants a CUDA toolkit for CUDA builds, this does not.
# Installed as it is and included by tractrix-config.cmake, so that no exported file holds a torch path.
if(TARGET tractrix::libtorch)
  return()
endif()

function(_tractrix_find_torch result)
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache $ENV{XDG_CACHE_HOME})
  else()
    set(cache $ENV{HOME}/.cache)
  endif()
  set(candidates ${TRACTRIX_TORCH_DIR} ${cache}/tractrix/libtorch-2.11.0-cuda/torch ${cache}/tractrix/libtorch-2.11.0/torch)
  if(NOT TRACTRIX_WITH_CUDA)
    list(REVERSE candidates)
    if(TRACTRIX_TORCH_DIR)
      set(candidates ${TRACTRIX_TORCH_DIR})
    endif()
  endif()
  foreach(dir IN LISTS candidates)
    if(EXISTS ${dir}/lib/libtorch_cpu.so)
      set(${result} ${dir} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  execute_process(COMMAND python3 -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
                  OUTPUT_VARIABLE dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(dir AND EXISTS ${dir}/lib/libtorch_cpu.so)
    set(${result} ${dir} PARENT_SCOPE)
  endif()
endfunction()

_tractrix_find_torch(_torch)
if(NOT _torch)
  message(FATAL_ERROR "LibTorch was not found.\nhint: run scripts/setup.sh, or name an existing torch package: "
                      "-DTRACTRIX_TORCH_DIR=.../site-packages/torch")
endif()
set(TRACTRIX_TORCH_DIR ${_torch} CACHE PATH "Folder of the torch package (holds include/ and lib/)" FORCE)
file(STRINGS ${_torch}/version.py _version_line REGEX "^__version__")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" TRACTRIX_TORCH_VERSION "${_version_line}")
if(TRACTRIX_TORCH_VERSION VERSION_LESS 2.11.0)
  message(FATAL_ERROR "LibTorch ${TRACTRIX_TORCH_VERSION} in ${_torch} is too old: 2.11.0 or newer is needed.\n"
                      "hint: run scripts/setup.sh, or unset TRACTRIX_TORCH_DIR")
endif()

add_library(tractrix::libtorch INTERFACE IMPORTED GLOBAL)
# -idirafter: the wheel ships fmt headers that must not shadow the system's.
target_compile_options(tractrix::libtorch INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-idirafter ${_torch}/include>"
  "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-idirafter ${_torch}/include/torch/csrc/api/include>")
set(_lib ${_torch}/lib)
if(TRACTRIX_WITH_CUDA)
  if(NOT EXISTS ${_lib}/libtorch_cuda.so)
    message(FATAL_ERROR "${_torch} has no libtorch_cuda.so\nhint: scripts/setup.sh --cuda")
  endif()
  # Nothing refers to libtorch_cuda by symbol, yet it must be loaded.
  set(CMAKE_LINK_LIBRARY_USING_keep_SUPPORTED TRUE)
  set(CMAKE_LINK_LIBRARY_USING_keep "LINKER:--push-state,--no-as-needed" "<LINK_ITEM>" "LINKER:--pop-state")
  target_link_libraries(tractrix::libtorch INTERFACE $<LINK_LIBRARY:keep,${_lib}/libtorch_cuda.so,${_lib}/libc10_cuda.so>)
  target_link_options(tractrix::libtorch INTERFACE LINKER:--allow-shlib-undefined)
endif()
target_link_libraries(tractrix::libtorch INTERFACE ${_lib}/libtorch_cpu.so ${_lib}/libc10.so)
