# Language, flags, ccache and linker. One -fPIC for libraries and executables alike: GCC drops a precompiled header
# whose -fPIC/-fPIE differs from its user's.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-fPIC>)

if(TRACTRIX_SANITIZE)
  add_compile_options(-fsanitize=${TRACTRIX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${TRACTRIX_SANITIZE})
endif()

find_program(TRACTRIX_CCACHE_PROGRAM ccache)
if(TRACTRIX_CCACHE AND TRACTRIX_CCACHE_PROGRAM)
  # All three settings are needed before a second clone hits: precompiled headers, relative paths, no folder in the hash.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${TRACTRIX_CCACHE_PROGRAM})
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.>)
endif()

find_program(TRACTRIX_MOLD_PROGRAM mold)
if(TRACTRIX_MOLD AND TRACTRIX_MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_link_options(-fuse-ld=mold)
endif()
