// Finds libpq's functions in the library that is installed.
// SPDX-License-Identifier: Apache-2.0
#include "db/postgres_library.hpp"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace croft::db {
namespace {

// Never closed: TLS libraries leave handlers behind that must stay where they are.
void* open_library() {
  void* library = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw std::runtime_error(
        "database.url names PostgreSQL, but its library is not installed (libpq.so.5); on Debian: "
        "apt install libpq5");
  return library;
}

template <class F>
void find(void* library, F& function, const char* name) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr)
    throw std::runtime_error(std::string("the installed libpq has no ") + name);
}

Libpq load() {
  void* library = open_library();
  Libpq all{};
#define CROFT_FIND(name) find(library, all.name, "PQ" #name)
  CROFT_FIND(connectdbParams);
  CROFT_FIND(conninfoParse);
  CROFT_FIND(conninfoFree);
  CROFT_FIND(freemem);
  CROFT_FIND(finish);
  CROFT_FIND(status);
  CROFT_FIND(transactionStatus);
  CROFT_FIND(parameterStatus);
  CROFT_FIND(serverVersion);
  CROFT_FIND(errorMessage);
  CROFT_FIND(setNoticeProcessor);
  CROFT_FIND(sendQuery);
  CROFT_FIND(sendPrepare);
  CROFT_FIND(sendDescribePrepared);
  CROFT_FIND(sendQueryPrepared);
  CROFT_FIND(socket);
  CROFT_FIND(isBusy);
  CROFT_FIND(consumeInput);
  CROFT_FIND(getResult);
  CROFT_FIND(resultStatus);
  CROFT_FIND(resultErrorField);
  CROFT_FIND(nparams);
  CROFT_FIND(paramtype);
  CROFT_FIND(ntuples);
  CROFT_FIND(nfields);
  CROFT_FIND(ftype);
  CROFT_FIND(getisnull);
  CROFT_FIND(getvalue);
  CROFT_FIND(getlength);
  CROFT_FIND(cmdStatus);
  CROFT_FIND(cmdTuples);
  CROFT_FIND(clear);
#undef CROFT_FIND
  return all;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq loaded = load();
  return loaded;
}

}  // namespace croft::db
