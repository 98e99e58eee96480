import Glibc

/// `No such file or directory (2)`. Read at once after the call: anything that allocates may change
/// errno.
func errnoText(_ number: Int32 = errno) -> String {
  "\(String(cString: strerror(number))) (\(number))"
}
