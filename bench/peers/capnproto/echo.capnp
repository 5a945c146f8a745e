# SPDX-License-Identifier: Apache-2.0
@0xc3f0a1d26be4879d;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("peers::rpc");

interface Echo {
  # `json` is a JSON text.
  echo @0 (json :Text) -> (json :Text);
}
