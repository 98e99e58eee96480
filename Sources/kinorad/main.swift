import Glibc
import KinoraDaemon

exit(await Daemon.run(CommandLine.arguments))
