-- A login with a state of its own for every request, for wrk.

local prefix, count = tostring(os.time()), 0

function request()
  count = count + 1
  return wrk.format("GET", "/v1/login?client_id=sc_shop&state=" .. prefix .. "-" .. count ..
    "&redirect_uri=https%3A%2F%2Flogin.example.com%2Flogin")
end
