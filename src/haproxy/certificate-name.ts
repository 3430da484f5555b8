/** A name that is safe as a file's, and one word of every HAProxy and runtime API line. */
export const certificateNamePattern = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
