// SPDX-License-Identifier: Apache-2.0
#include "server/failure.hpp"

namespace jsocket {

Failure failure_of(FramingError::Kind kind) {
    switch (kind) {
        case FramingError::Kind::bad_header:
            return Failure::bad_header;
        case FramingError::Kind::bad_checksum:
            return Failure::bad_crc;
        case FramingError::Kind::oversize:
            return Failure::oversize;
    }
    return Failure::framing;
}

Failure failure_of(PayloadError::Kind kind) {
    switch (kind) {
        case PayloadError::Kind::invalid_utf8:
            return Failure::invalid_utf8;
        case PayloadError::Kind::invalid_json:
            return Failure::invalid_json;
        case PayloadError::Kind::too_deep:
            return Failure::too_deep;
        case PayloadError::Kind::too_complex:
            return Failure::too_complex;
    }
    return Failure::framing;
}

}  // namespace jsocket
