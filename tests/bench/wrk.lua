-- Sends the requests of a file of make_load, one after the other, from an offset on:
-- wrk -t1 … -s wrk.lua URL -- FILE OFFSET.  One thread, or two would send the same.  Ends with a line of JSON:
-- what was measured, and where the next run goes on.

local LENGTH = 8 -- of the length before each request

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   file = assert(io.open(args[1], "rb"))
   offset = tonumber(args[2])
   used_up = false
   file:setvbuf("full", 1048576)
   file:seek("set", offset)
   last = nil
end

function request()
   local length = tonumber(file:read(LENGTH))
   if length then
      last = file:read(length)
      offset = offset + LENGTH + length
   else
      used_up = true -- the run does not count, see done()
   end
   return last
end

function done(summary, latency, requests)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write
      + errors.timeout
   local report = '{"requests": %d, "seconds": %.6f, "p50_us": %d,'
      .. ' "p99_us": %d, "max_us": %d, "failed": %d, "not_2xx": %d,'
      .. ' "offset": %.0f, "used_up": %s}\n'
   io.write(report:format(
      summary.requests, summary.duration / 1e6, latency:percentile(50),
      latency:percentile(99), latency.max, failed, errors.status,
      threads[1]:get("offset"), tostring(threads[1]:get("used_up"))))
end
