#!/bin/sh
# install.sh ROOT PREFIX: installs build/ under ROOT, with a copy of the part of the Swift runtime
# that is used, so that the target needs no toolchain.
set -eu
[ -x build/bin/kinorad ] || { echo "nothing is built yet: make build" >&2; exit 1; }
root=$1
prefix=$2
lib=$root$prefix/lib

put() { install -D -m "$1" "$2" "$3"; } # MODE FROM TO

for file in build/bin/*; do put 755 "$file" "$root$prefix/bin/${file##*/}"; done
for file in build/lib/kinora/plugins/*.so; do
  put 755 "$file" "$lib/kinora/plugins/${file##*/}"
done

# Every library that something NEEDs and the toolchain's folder has, and what those need in turn.
install -d -m 755 "$lib/kinora/swift"
queue=$(echo build/bin/* build/lib/kinora/plugins/*.so)
done=" "
while [ -n "$queue" ]; do
  # shellcheck disable=SC2086
  needed=$(readelf -d $queue | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)
  queue=
  for name in $needed; do
    case $done in *" $name "*) continue ;; esac
    done="$done$name "
    [ -e "build/lib/kinora/swift/$name" ] || continue
    put 755 "build/lib/kinora/swift/$name" "$lib/kinora/swift/$name"
    queue="$queue build/lib/kinora/swift/$name"
  done
done
# Symbols are for the build machine, and they name its folders.
find "$root$prefix/bin/kinora"* "$lib/kinora" -type f -exec strip --strip-unneeded {} +

for unit in systemd/*.service systemd/*.socket; do
  put 644 "$unit" "$lib/systemd/system/${unit##*/}"
done
put 644 systemd/sysusers.conf "$lib/sysusers.d/kinora.conf"
put 644 systemd/tmpfiles.conf "$lib/tmpfiles.d/kinora.conf"
# What a plugin's author needs.
(cd build && find share -type f) | while read -r file; do put 644 "build/$file" "$root$prefix/$file"; done
# An administrator's configuration is left alone.
[ -e "$root/etc/kinora/kinora.yaml" ] || put 644 etc/kinora.yaml "$root/etc/kinora/kinora.yaml"
install -d -m 755 "$root/etc/kinora/providers.d"
for header in kinora_plugin kinora_kit; do
  put 644 "Sources/CKinoraPlugin/include/$header.h" "$root$prefix/include/$header.h"
done
put 644 packaging/kinora-plugin.pc "$lib/pkgconfig/kinora-plugin.pc"
put 644 LICENSE "$root$prefix/share/doc/kinora/copyright"
put 644 README.md "$root$prefix/share/doc/kinora/README.md"
if [ "$prefix" != /usr ]; then
  sed -i "s|/usr/bin/kinora|$prefix/bin/kinora|g; s|/usr/lib/kinora|$prefix/lib/kinora|g; s|/usr/share/doc/kinora|$prefix/share/doc/kinora|g" \
    "$lib/systemd/system/"kinora.* "$root/etc/kinora/kinora.yaml"
fi
