# Install and export: find_package(tractrix) gives tractrix::<room> and tractrix_recipes() to recipes outside this tree.
# Configs stay with the clone, as the tables they name do (docs/data_licences.md).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/tractrix)
get_property(_rooms GLOBAL PROPERTY TRACTRIX_ROOMS)
install(TARGETS ${_rooms} tractrix_hdf5 EXPORT tractrix-targets)
install(TARGETS tractrix RUNTIME)
install(DIRECTORY include/tractrix TYPE INCLUDE)
install(EXPORT tractrix-targets NAMESPACE tractrix:: DESTINATION ${_package})
configure_package_config_file(cmake/tractrix-config.cmake.in tractrix-config.cmake INSTALL_DESTINATION ${_package})
write_basic_package_version_file(tractrix-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tractrix-config.cmake ${PROJECT_BINARY_DIR}/tractrix-config-version.cmake
              cmake/TractrixFormats.cmake cmake/TractrixLibTorch.cmake cmake/TractrixRecipes.cmake
        DESTINATION ${_package})
