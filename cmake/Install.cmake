# What `cmake --install` puts where; the .deb and the container image are made of it.
set(CROFT_STATE_DIR "/var/lib/croft" CACHE STRING "The state directory that the installed configuration names")

install(TARGETS croft RUNTIME DESTINATION bin)
install(TARGETS croft-broker-guard croft-tls LIBRARY DESTINATION lib/croft)  # they are looked for there

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS config/croft.toml)
file(READ config/croft.toml settings)
string(REPLACE "state_dir = \"./croft-data\"" "state_dir = \"${CROFT_STATE_DIR}\"" settings "${settings}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/installed/croft.toml CONTENT "${settings}" @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/installed/croft.toml DESTINATION /etc/croft)

install(FILES deploy/systemd/croft.service DESTINATION lib/systemd/system)
install(FILES deploy/systemd/croft.sysusers DESTINATION lib/sysusers.d RENAME croft.conf)
install(FILES README.md CHANGELOG.md SECURITY.md docs/openapi.yaml docs/mqtt.md DESTINATION share/doc/croft)
install(FILES deploy/debian/copyright DESTINATION share/doc/croft)
