namespace Coordination.Etcd.Tests.Servers;

/// <summary>What to do without something that tests need.</summary>
public static class Missing
{
    /// <summary>Skips the test loudly where there is no etcd, or fails it on CI (CI=true).</summary>
    public static void SkipWithoutEtcd()
    {
        if (EtcdServerProcess.Program is not null)
        {
            return;
        }

        const string message = "etcd is not on this machine: this test did not run.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(message);
        }

        Console.Error.WriteLine($"SKIPPED: {message}");
        Assert.Skip(message);
    }
}
