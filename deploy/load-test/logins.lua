-- Logins for wrk, each with a state of its own. README.md beside this file has the recipe.
--
-- Environment variables:
--   CLIENT_ID         the service client of the verifier's access key
--   AUTHRESS_API_URL  the verifier's Authress host, such as https://login.example.com
--   ADDRESSES         one: every login is from the same client address (default)
--                     many: each login names a random address of 10.0.0.0/8 in X-Forwarded-For
--   STATUSES          on: counts responses by status; costs the generator some processor time. off is the default

local function setting(name, default)
  local value = os.getenv(name)
  if value ~= nil and value ~= "" then return value end
  if default ~= nil then return default end
  io.stderr:write("logins.lua: set " .. name .. "\n")
  -- wrk would go on with requests of its own.
  os.exit(1)
end

local function encode(text)
  return (text:gsub("[^%w%-%._~]", function(character) return string.format("%%%02X", character:byte()) end))
end

-- Every thread of every generator has other states and other addresses.
local source = assert(io.open("/dev/urandom", "rb"))
local seed = source:read(8)
source:close()
local prefix = seed:gsub(".", function(character) return string.format("%02x", character:byte()) end)
math.randomseed(seed:byte(1) + 256 * (seed:byte(2) + 256 * (seed:byte(3) + 256 * (seed:byte(4) % 128))))

local before_state = "/v1/login?client_id=" .. encode(setting("CLIENT_ID")) .. "&state=" .. prefix .. "-"
local after_state = "&redirect_uri=" .. encode(setting("AUTHRESS_API_URL") .. "/login")
local has_many_addresses = setting("ADDRESSES", "one") == "many"
local count = 0

function request()
  count = count + 1
  local headers
  if has_many_addresses then
    local random = math.random
    headers = { ["X-Forwarded-For"] = "10." .. random(0, 255) .. "." .. random(0, 255) .. "." .. random(0, 255) }
  end
  -- A state of 36 characters, which is the length of a UUID.
  return wrk.format("GET", before_state .. string.format("%019d", count) .. after_state, headers)
end

if setting("STATUSES", "off") == "on" then
  local threads = {}
  -- Global: setup and done read it from the state of each thread. The keys are text, because wrk copies no other ones.
  statuses = {}

  function setup(thread)
    table.insert(threads, thread)
  end

  function response(status)
    local key = tostring(status)
    statuses[key] = (statuses[key] or 0) + 1
  end

  function done(summary)
    local totals, sorted = {}, {}
    for _, thread in ipairs(threads) do
      for status, number in pairs(thread:get("statuses")) do
        if totals[status] == nil then table.insert(sorted, status) end
        totals[status] = (totals[status] or 0) + number
      end
    end
    table.sort(sorted)
    for _, status in ipairs(sorted) do
      local number = totals[status]
      print(string.format("Status %s: %d responses, %.0f a second", status, number, number * 1e6 / summary.duration))
    end
  end
end
