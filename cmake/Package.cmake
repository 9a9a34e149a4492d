# The .deb: `cpack -G DEB --config build/CPackConfig.cmake`, or tools/cross.sh ARCH package.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME croft)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Croft's maintainers <croft@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "IoT platform in one small process")
set(CPACK_PACKAGE_DESCRIPTION
"Nodes with sensors and actuators speak MQTT, people watch them live in the browser and switch their lamps, pumps and relays. Every reading \
that was acknowledged is still there after a power failure. Database, sessions, broker and dashboard are inside or started by Croft itself; \
for several machines it also runs as separate services on PostgreSQL, Redis and NGINX.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
if(CROFT_ARCH)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${CROFT_ARCH})
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
    ${CROFT_SYSROOT}/lib/${CMAKE_LIBRARY_ARCHITECTURE} ${CROFT_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} ${CROFT_SYSROOT}/lib)
endif()
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, mosquitto (>= 2.0)")
# Opened by name when the configuration asks for them, so that dpkg-shlibdeps does not see them.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libcurl4 | libcurl4t64, libpq5")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, redis-server, nginx")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles
  ${PROJECT_SOURCE_DIR}/deploy/debian/postinst
  ${PROJECT_SOURCE_DIR}/deploy/debian/prerm
  ${PROJECT_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
