-- Makes wrk play the requests of a file in turn, and end with one line of JSON; latencies in microseconds.
local requests = {}
local turn = 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  turn = tonumber(args[2])
  local length = file:read('*n')
  while length do
    file:read(1)
    requests[#requests + 1] = file:read(length)
    length = file:read('*n')
  end
  file:close()
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\n{"operations":%d,"seconds":%.6f,"bytes":%d,"p50":%d,"p99":%d,"failures":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
