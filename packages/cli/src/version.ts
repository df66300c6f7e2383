/** That of the package; the programs of a cloud say theirs as `taas_build_info`. */
export const version = '0.1.0';
