# tractrix_test(NAME SOURCES ... ROOMS ... [TORCH]): one test program. Torch-free programs start at once and list every
# case in ctest; torch programs take 0.4 s to start, so they are one ctest entry each.
include(GoogleTest)
find_package(GTest REQUIRED)

function(tractrix_test name)
  cmake_parse_arguments(arg "TORCH;WHOLE" "" "SOURCES;ROOMS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  foreach(room IN LISTS arg_ROOMS)
    target_link_libraries(${name} PRIVATE tractrix::${room})
  endforeach()
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TRACTRIX_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
                             TRACTRIX_TEST_GOLDENS="${PROJECT_SOURCE_DIR}/tests/goldens"
                             TRACTRIX_SOURCE="${PROJECT_SOURCE_DIR}")
  if(arg_TORCH)
    tractrix_settings(${name} TORCH)
  else()
    tractrix_settings(${name})
  endif()
  if(arg_TORCH OR arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  else()
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABELS}")
  endif()
endfunction()
