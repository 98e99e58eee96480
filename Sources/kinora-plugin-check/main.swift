import Glibc

// Checks a plugin before anybody trusts it; see CheckOptions for how it is called.
exit(PluginCheck.run(CommandLine.arguments))
