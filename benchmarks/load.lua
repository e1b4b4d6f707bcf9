-- Sends one request a fixed number of times, then keeps the connections open and idle.
-- Arguments: limit (0: until the time is over), exact (0 or 1), low and high (0 0: one request),
-- method, path, body, then "Name: value" headers.
--
-- With low and high, {id} in the path is a number from low to high, drawn anew for each request. The
-- texts are made before the first one, and the seed is fixed: every peer gets the same ones.
--
-- wrk itself ends only when its time is over or it is interrupted, so the caller is told on
-- standard output: FIRST with the first request, LAST with the end. The end is the last request
-- sent, or where exact the last answer received. Exact looks at every answer in Lua, which is too
-- dear for servers that answer 100,000 a second, and there the few under way do not matter.

local DIFFERENT = 4000

local texts, count, limit, exact = {}, 1, 0, false
local sent, answered = -1, 0 -- wrk asks for one request that it does not send

local function tell(word)
  io.write(word, "\n")
  io.flush()
end

function init(args)
  limit = tonumber(args[1])
  exact = args[2] == "1"
  local headers = {}
  for i = 8, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  local body = args[7]
  if body == "" then body = nil end
  local low, high = tonumber(args[3]), tonumber(args[4])
  math.randomseed(1)
  if high > 0 then count = DIFFERENT end
  for i = 1, count do
    local path = args[6]
    if high > 0 then path = path:gsub("{id}", tostring(math.random(low, high))) end
    texts[i] = wrk.format(args[5], path, headers, body)
  end
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
  return texts[sent % count + 1]
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
