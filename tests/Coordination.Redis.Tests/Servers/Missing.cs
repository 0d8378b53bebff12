namespace Coordination.Redis.Tests.Servers;

/// <summary>What to do without something that tests need.</summary>
public static class Missing
{
    /// <summary>Skips the test loudly, or fails it on CI (CI=true).</summary>
    /// <param name="isMissing">Whether it is missing.</param>
    /// <param name="what">What.</param>
    public static void SkipIf(bool isMissing, string what) =>
        SkipIf(isMissing, what, string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase));

    /// <summary>Skips the test loudly, or fails it where what is missing is required.</summary>
    /// <param name="isMissing">Whether it is missing.</param>
    /// <param name="what">What.</param>
    /// <param name="isRequired">Whether that is a failure.</param>
    public static void SkipIf(bool isMissing, string what, bool isRequired)
    {
        if (!isMissing)
        {
            return;
        }

        var message = $"{what} is not on this machine: this test did not run.";
        if (isRequired)
        {
            Assert.Fail(message);
        }

        Console.Error.WriteLine($"SKIPPED: {message}");
        Assert.Skip(message);
    }
}
