-- Sends one and the same request a fixed number of times, then keeps the connections open and idle.
-- Arguments: limit (0: until the time is over), exact (0 or 1), method, path, body, then
-- "Name: value" headers.
--
-- wrk itself ends only when its time is over or it is interrupted, so the caller is told on
-- standard output: FIRST with the first request, LAST with the end. The end is the last request
-- sent, or where exact the last answer received. Exact looks at every answer in Lua, which is too
-- dear for servers that answer 100,000 a second, and there the few under way do not matter.

local text, limit, exact = "", 0, false
local sent, answered = -1, 0 -- wrk asks for one request that it does not send

local function tell(word)
  io.write(word, "\n")
  io.flush()
end

function init(args)
  limit = tonumber(args[1])
  exact = args[2] == "1"
  local headers = {}
  for i = 6, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  local body = args[5]
  if body == "" then body = nil end
  text = wrk.format(args[3], args[4], headers, body)
  if exact and limit > 0 then
    response = function()
      answered = answered + 1
      if answered == limit then tell("LAST") end
    end
  end
end

function request()
  sent = sent + 1
  if sent == 1 then tell("FIRST") end
  if limit > 0 then
    if sent > limit then return "" end
    if sent == limit and not exact then tell("LAST") end
  end
  return text
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "bytes": %d, "p50_ms": %.4f, "p99_ms": %.4f, ' ..
    '"errors": %d, "bad_statuses": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
