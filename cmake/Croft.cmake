# croft_library: the one sentence each folder says about itself; tools/check_house.mjs reads the same words.
#
#   croft_library(data
#     USES    base model db http        # folders whose headers it may include
#     SOURCES data.cpp routes.cpp
#     LINK    Some::library             # outside libraries
#     FLAGS   -fno-rtti                 # further compiler options
#     ON_POSTGRES)                      # its tests run once more with PostgreSQL (db/test_database.hpp)
#
# Files named *_test.cpp in the folder become the program test_<name>, *_fuzz.cpp become fuzz_<file>.
enable_testing()

function(croft_library name)
  cmake_parse_arguments(ARG "ON_POSTGRES" "" "USES;SOURCES;LINK;FLAGS;TEST_USES" ${ARGN})
  add_library(croft_${name} STATIC ${ARG_SOURCES})
  target_include_directories(croft_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_compile_options(croft_${name} PRIVATE ${ARG_FLAGS})
  list(TRANSFORM ARG_USES PREPEND croft_)
  list(TRANSFORM ARG_TEST_USES PREPEND croft_)
  target_link_libraries(croft_${name} PUBLIC ${ARG_USES} ${ARG_LINK})

  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(CROFT_TESTS AND tests)
    add_executable(test_${name} ${tests})
    target_link_libraries(test_${name} PRIVATE croft_${name} ${ARG_TEST_USES} GTest::gtest_main GTest::gtest)
    add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    if(ARG_ON_POSTGRES)
      add_test(NAME ${name}_on_postgres COMMAND test_${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
      set_tests_properties(${name}_on_postgres PROPERTIES TIMEOUT 300 ENVIRONMENT CROFT_TEST_ENGINE=postgres)
    endif()
  endif()

  file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cpp)
  if(CROFT_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(target ${fuzzer} NAME_WE)
      string(REGEX REPLACE "_fuzz$" "" target ${target})
      add_executable(fuzz_${target} ${fuzzer})
      target_link_libraries(fuzz_${target} PRIVATE croft_${name})
      target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
