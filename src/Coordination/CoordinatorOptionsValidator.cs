using Coordination.Backends;
using Coordination.Leases;

namespace Coordination;

/// <summary>Checks the options: at start with a container, in the constructor without one.</summary>
internal static class CoordinatorOptionsValidator
{
    private static readonly TimeSpan MinOperationTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxOperationTimeout = TimeSpan.FromHours(1);

    /// <summary>For a check before the backend's limits are known.</summary>
    public static BackendDescription AnyBackend { get; } = new("any") { MinDuration = TimeSpan.FromMilliseconds(1) };

    /// <param name="options">The options.</param>
    /// <param name="backend">Whose limits count.</param>
    /// <param name="where">What each message begins with: <c>Coordination:</c>.</param>
    /// <returns>What is wrong: <c>Coordination:LeaseDuration: …</c>.</returns>
    public static List<string> Check(CoordinatorOptions options, BackendDescription backend, string where = "")
    {
        var failures = new List<string>();
        Try(nameof(options.LeaseDuration), key => LeaseTerms.CheckDuration(options.LeaseDuration, backend, key));
        if (options.SafetyMargin is { } margin)
        {
            Try(nameof(options.SafetyMargin), key => LeaseTerms.CheckMargin(margin, options.LeaseDuration, backend.Evidence, key));
        }

        Try(nameof(options.Holder), key => LeaseTerms.CheckValue(options.Holder, key));
        if (options.OperationTimeout < MinOperationTimeout || options.OperationTimeout > MaxOperationTimeout)
        {
            failures.Add(
                $"{where}{nameof(options.OperationTimeout)} must be from {MinOperationTimeout} to {MaxOperationTimeout}, but is {options.OperationTimeout}.");
        }

        return failures;

        void Try(string key, Action<string> check)
        {
            try
            {
                check(key);
            }
            catch (ArgumentException exception)
            {
                failures.Add($"{where}{key}: {exception.Message}");
            }
        }
    }
}
