import Glibc

// The exit status is part of the interface: Exit.swift.
exit(Program.run().rawValue)
