// The JavaScript form of the module. Only browsers without WebAssembly download it.
import instantiate from 'generated:code';
import makeGlue from 'generated:glue';

export default { makeGlue, instantiate };
