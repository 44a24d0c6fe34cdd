-- For wrk: sends to the hosts and paths of a file ("HOST PATH" a line), in turn.
local requests, turn = {}, 0

function init(arguments)
    for line in io.lines(arguments[1]) do
        local host, path = line:match("^(%S+) (%S+)$")
        requests[#requests + 1] = wrk.format("GET", path, { ["Host"] = host })
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end
