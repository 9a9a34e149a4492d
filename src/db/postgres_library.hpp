// libpq, opened by name when the first connection is wanted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

namespace croft::db {

// libpq and what it draws in (TLS, Kerberos, LDAP) cost 8 MB of memory, so it is loaded only where
// PostgreSQL is used. Members are named as libpq's functions without their PQ.
struct Libpq {
  decltype(&PQconnectdbParams) connectdbParams;
  decltype(&PQconninfoParse) conninfoParse;
  decltype(&PQconninfoFree) conninfoFree;
  decltype(&PQfreemem) freemem;
  decltype(&PQfinish) finish;
  decltype(&PQstatus) status;
  decltype(&PQtransactionStatus) transactionStatus;
  decltype(&PQparameterStatus) parameterStatus;
  decltype(&PQserverVersion) serverVersion;
  decltype(&PQerrorMessage) errorMessage;
  decltype(&PQsetNoticeProcessor) setNoticeProcessor;
  decltype(&PQsendQuery) sendQuery;
  decltype(&PQsendPrepare) sendPrepare;
  decltype(&PQsendDescribePrepared) sendDescribePrepared;
  decltype(&PQsendQueryPrepared) sendQueryPrepared;
  decltype(&PQsocket) socket;
  decltype(&PQisBusy) isBusy;
  decltype(&PQconsumeInput) consumeInput;
  decltype(&PQgetResult) getResult;
  decltype(&PQresultStatus) resultStatus;
  decltype(&PQresultErrorField) resultErrorField;
  decltype(&PQnparams) nparams;
  decltype(&PQparamtype) paramtype;
  decltype(&PQntuples) ntuples;
  decltype(&PQnfields) nfields;
  decltype(&PQftype) ftype;
  decltype(&PQgetisnull) getisnull;
  decltype(&PQgetvalue) getvalue;
  decltype(&PQgetlength) getlength;
  decltype(&PQcmdStatus) cmdStatus;
  decltype(&PQcmdTuples) cmdTuples;
  decltype(&PQclear) clear;
};

// Throws std::runtime_error with one clear line when it is not installed.
const Libpq& libpq();

}  // namespace croft::db
