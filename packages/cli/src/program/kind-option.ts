import { Option } from 'commander';
import { kindNames } from '../api/kinds.js';

export const kindOption = () => new Option('--kind <kind>', 'look among these alone').choices(kindNames);
