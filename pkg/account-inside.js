// The bytes that are inside are of the whole: there is nothing else to download.
import makeGlue from 'generated:glue';
import source from 'generated:source';

export default () => ({ makeGlue, source });
