-- Preferences, also as `tshark -o framecast.NAME:VALUE`.

local prefs = require("framecast.fields").protocol.prefs

prefs.ports = Pref.range("UDP ports", "5000", "Ports of brokers; other ports are recognised by their contents", 65535)
prefs.reassemble = Pref.bool("Put frames together", true, "Keeps every frame of the capture in memory")
prefs.check_data = Pref.bool("Check the CRC-32C of DATA", true, "Takes a moment per megabyte")

return prefs
