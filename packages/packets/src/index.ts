export { AddressError, ipBytes, ipText, macBytes, macText } from './address.js';
export { BpfError, type BpfProgram, bpfTakes, parseBpf } from './bpf.js';
export {
  arp,
  ETHERTYPE,
  type EthernetHeader,
  ethernet,
  IP_PROTOCOL,
  type IpPacket,
  icmpEcho,
  ip4Packet,
  ip6Packet,
  MIN_FRAME,
  type PortPair,
  tcp,
  udp,
  type VlanTag,
} from './build.js';
export {
  type CapturedFrame,
  CaptureError,
  MAX_CAPTURED_FRAME,
  type ReportSkipped,
  type SkippedPart,
} from './capture-error.js';
export { decodeCapture, MAX_CAPTURE_BYTES, readCapture, writeCapture } from './capture-file.js';
export { internetChecksum, onesComplementSum } from './checksum.js';
export { compareFrames, type FrameComparison } from './compare.js';
export { type FrameSummary, frameSummary, summaryBytes } from './frame-summary.js';
export { isVlanEthertype, type ParsedFrame, type ParsedIp, type ParsedTag, parseFrame } from './parse.js';
export { encodePcap, type PcapResolution, pcapHeader, pcapRecord } from './pcap-write.js';
export { type ReadBlock, readBlock } from './pcapng-block-read.js';
export { type PcapngContents, pcapngContents } from './pcapng-contents.js';
export {
  type PcapngDirection,
  type PcapngInterface,
  type PcapngPacket,
  type PcapngSection,
  type PcapngStatistics,
  pcapngInterface,
  pcapngPacket,
  pcapngSection,
  pcapngStatistics,
} from './pcapng-write.js';
export {
  isReceipt,
  parseReceipt,
  RECEIPT_ETHERTYPE,
  RECEIPT_MACS,
  type Receipt,
  type ReceiptAmount,
  type ReceiptFigures,
  receiptFrame,
} from './receipt.js';
export { type Between, ReceiptReader, type ReceiptReading } from './receipt-reader.js';
export { receiptReport } from './receipt-report.js';
export { type SampleFrame, type SampleTrafficOptions, sampleTraffic, serialPayload } from './sample-traffic.js';
export { TcpLoss, type TcpLossEstimate } from './tcp-loss.js';
export { TCP_FLAG, type TcpSegment, tcpSegment } from './tcp-segment.js';
export {
  VXLAN_PORT,
  type VxlanOuter,
  type VxlanPacket,
  vxlanDatagram,
  vxlanDecap,
  vxlanEncap,
  vxlanPayload,
} from './vxlan.js';
