#!/bin/sh
# deb.sh VERSION [FOLDER]: makes FOLDER/kinora_VERSION_ARCH.deb (build/) of what `make install` installs.
set -eu
version=$1
arch=$(dpkg --print-architecture)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
packaging/install.sh "$stage" /usr
mkdir "$stage/DEBIAN"
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/" packaging/debian/control.in >"$stage/DEBIAN/control"
install -m 644 packaging/debian/conffiles "$stage/DEBIAN/conffiles"
for script in postinst prerm postrm; do
  install -m 755 "packaging/debian/$script" "$stage/DEBIAN/$script"
done
chmod 755 "$stage"
# None: for a test that installs it at once.
dpkg-deb --root-owner-group "-Z${DEB_COMPRESSION:-xz}" --build "$stage" "${2:-build}/kinora_${version}_$arch.deb"
