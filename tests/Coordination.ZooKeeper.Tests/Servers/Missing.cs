namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>What to do without something that tests need.</summary>
public static class Missing
{
    /// <summary>Skips the test loudly where there is no ZooKeeper, or fails it on CI (CI=true).</summary>
    public static void SkipWithoutZooKeeper()
    {
        if (ZooKeeperServerProcess.Java is not null && ZooKeeperServerProcess.Jars is not null)
        {
            return;
        }

        const string message = "Java or ZooKeeper is not on this machine: this test did not run.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(message);
        }

        Console.Error.WriteLine($"SKIPPED: {message}");
        Assert.Skip(message);
    }
}
