-- The load of one measurement, for wrk. Environment: BODY (request body), KEY (bearer, may be empty) or KEYS (how many of
-- many-keys.mts to call with in turn); where MARK stands in the body, each call puts its number, counted from FIRST. Prints one
-- line of JSON after "@@" when it is over.
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

local mark = os.getenv("MARK") or ""
if mark ~= "" and string.find(wrk.body, mark, 1, true) then
  local parts, from = {}, 1
  while true do
    local at = string.find(wrk.body, mark, from, true)
    parts[#parts + 1] = string.sub(wrk.body, from, at and at - 1)
    if not at then break end
    from = at + #mark
  end
  local number = tonumber(os.getenv("FIRST") or "0")
  request = function()
    number = number + 1
    wrk.body = table.concat(parts, string.format("%08d", number))
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
