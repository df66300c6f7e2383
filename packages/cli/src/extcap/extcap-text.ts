import { printable } from '../output/printable.js';

/** A port that can be chosen. */
export interface ExtcapPort {
  readonly id: string;
  readonly name: string;
}

/** What Wireshark calls our only interface. */
export const extcapInterface = 'taas';

/** The answer to --extcap-interfaces (https://www.wireshark.org/docs/wsdg_html_chunked/ChCaptureExtcap.html). */
export const extcapInterfaces = (version: string): string =>
  `extcap {version=${version}}{display=Tap as a Service}\n` +
  `interface {value=${extcapInterface}}{display=Tap as a Service: frames of a port}\n`;

/** The answer to --extcap-dlts. */
export const extcapDlts = 'dlt {number=1}{name=EN10MB}{display=Ethernet}\n';

/** The answer to --extcap-config: what can be chosen. @param ports to choose from; empty: their ids are typed */
export function extcapConfig(ports: readonly ExtcapPort[]): string {
  const lines = [
    ports.length === 0
      ? 'arg {number=0}{call=--port}{display=Port}{type=string}{required=true}{tooltip=The id of the port that is captured}'
      : 'arg {number=0}{call=--port}{display=Port}{type=selector}{required=true}{tooltip=The port that is captured}',
    'arg {number=1}{call=--direction}{display=Direction}{type=selector}{default=BOTH}{tooltip=IN is towards the VM}',
    'arg {number=2}{call=--bpf}{display=Filter}{type=string}{tooltip=In the language of tcpdump, without names}',
    'arg {number=3}{call=--seconds}{display=Seconds}{type=integer}{range=1,3600}{default=600}',
    'arg {number=4}{call=--reason}{display=Reason}{type=string}{tooltip=Why; where the operator wants to know}',
    ...ports.map(
      ({ id, name }) => `value {arg=0}{value=${id}}{display=${shown(name === '' ? id : `${name} (${id})`)}}`,
    ),
    ...['BOTH', 'IN', 'OUT'].map(
      (way) => `value {arg=1}{value=${way}}{display=${way}}${way === 'BOTH' ? '{default=true}' : ''}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What a tenant has called something must not end what it stands in. */
const shown = (text: string): string => printable(text).replaceAll(/[{}\\]/g, '_');

/**
 * The program that Wireshark calls, for each question anew and once for each interface: a shell that reads the answers from files, since
 * Node takes half a second to begin.
 * @param command that captures, such as `taas --os-cloud lab` @param folder of the answers
 */
export function extcapProgram(command: readonly string[], folder: string): string {
  return `#!/bin/sh
# Made by "taas extcap install"; run that again to change it.
answers=${quoted(folder)}
for word in "$@"; do
  case "$word" in
    --capture) exec ${command.map(quoted).join(' ')} extcap capture "$@" ;;
    --extcap-interfaces) exec cat "$answers/interfaces" ;;
    --extcap-dlts) exec cat "$answers/dlts" ;;
    --extcap-config) exec cat "$answers/config" ;;
  esac
done
exit 1
`;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
