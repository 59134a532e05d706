-- The load of one measurement, for wrk. Environment: BODY (request body), KEY (bearer, may be empty) or KEYS (how many of
-- many-keys.mts to call with in turn). Prints one line of JSON after "@@" when it is over.
wrk.method = "POST"
wrk.body = os.getenv("BODY")
wrk.headers["content-type"] = "application/json"
if (os.getenv("KEY") or "") ~= "" then wrk.headers["authorization"] = "Bearer " .. os.getenv("KEY") end

local keys = tonumber(os.getenv("KEYS") or "0")
if keys > 0 then
  local number = 0
  request = function()
    number = number % keys + 1
    wrk.headers["authorization"] = string.format("Bearer sk-cg-v1-%064x", number)
    return wrk.format()
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('@@{"requests":%d,"seconds":%.6f,"badStatus":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
