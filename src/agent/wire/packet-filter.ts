// Classic BPF programs (linux/filter.h): what the kernel hands to a packet socket, and what it drops.

const loadByte = 0x30;
const jumpIfEqual = 0x15;
const take = 0x06;
const whole = 0xffff_ffff;
const instructionBytes = 8;

// Offsets into an Ethernet frame with IPv6 right behind its header.
const nextHeaderAt = 20;
const icmpTypeAt = 54;
const icmpv6 = 58;
const neighbourAdvertisement = 136;

/** Neighbour advertisements of all IPv6 frames: an instance's own traffic is not copied for them. */
export const advertisementsOnly: Buffer = program([
  [loadByte, 0, 0, nextHeaderAt],
  [jumpIfEqual, 0, 3, icmpv6],
  [loadByte, 0, 0, icmpTypeAt],
  [jumpIfEqual, 0, 1, neighbourAdvertisement],
  [take, 0, 0, whole],
  [take, 0, 0, 0],
]);

// struct sock_filter: code, how far to jump where it is true and where it is false, operand.
function program(lines: readonly (readonly [number, number, number, number])[]): Buffer {
  const bytes = Buffer.alloc(lines.length * instructionBytes);
  for (const [index, [code, isTrue, isFalse, operand]] of lines.entries()) {
    const at = index * instructionBytes;
    bytes.writeUInt16LE(code, at);
    bytes[at + 2] = isTrue;
    bytes[at + 3] = isFalse;
    bytes.writeUInt32LE(operand, at + 4);
  }
  return bytes;
}
