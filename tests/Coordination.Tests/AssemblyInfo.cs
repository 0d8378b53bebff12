// A fake clock waits until the whole process is at rest before time goes on: another test would keep it waiting.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
