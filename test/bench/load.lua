-- The load of one measurement, for wrk. Environment: BODY (request body), KEY (bearer, may be empty).
-- Prints one line of JSON after "@@" when it is over.
wrk.method = "POST"
wrk.body = os.getenv("BODY")
wrk.headers["content-type"] = "application/json"
if (os.getenv("KEY") or "") ~= "" then wrk.headers["authorization"] = "Bearer " .. os.getenv("KEY") end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('@@{"requests":%d,"seconds":%.6f,"badStatus":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
