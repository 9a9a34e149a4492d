# Outside libraries, all from Debian's packages; why each was chosen stands in docs/decisions/0003-libraries.md.
find_package(Threads REQUIRED)
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost by its own configuration: CMake 3.30 and newer have no finder of their own
endif()
find_package(Boost 1.81 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(LIBPQ REQUIRED libpq)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
find_package(spdlog REQUIRED)
find_package(tomlplusplus QUIET)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
find_package(date REQUIRED)
find_package(ZLIB REQUIRED)
if(CROFT_TESTS)
  find_package(GTest REQUIRED)
endif()

add_library(croft_boost INTERFACE)
target_link_libraries(croft_boost INTERFACE Boost::boost Threads::Threads)
target_compile_definitions(croft_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE)
