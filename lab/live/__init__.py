"""The live page: real jobs, real faults, and what becomes of each job, in one lane an approach."""
