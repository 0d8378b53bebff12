using Coordination.Backends;
using Coordination.Leases;
using Microsoft.Extensions.Options;

namespace Coordination;

/// <summary>Checks the options: at start with a container, in the constructor without one.</summary>
internal sealed class CoordinatorOptionsValidator : IValidateOptions<CoordinatorOptions>
{
    private static readonly TimeSpan MinOperationTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxOperationTimeout = TimeSpan.FromHours(1);
    private static readonly BackendDescription AnyBackend = new("any") { MinDuration = TimeSpan.FromMilliseconds(1) };

    public ValidateOptionsResult Validate(string? name, CoordinatorOptions options)
    {
        // The backend's limits are not known yet; the coordinator's constructor checks them.
        var failures = Check(options, AnyBackend, name);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <param name="options">The options.</param>
    /// <param name="backend">Whose limits count.</param>
    /// <param name="name">The coordinator's key, if it has one.</param>
    /// <returns>What is wrong, each beginning with where: <c>Coordination:LeaseDuration: …</c>.</returns>
    public static List<string> Check(CoordinatorOptions options, BackendDescription backend, string? name = null)
    {
        var where = options.Section is { Length: > 0 } section ? $"{section}:" : string.IsNullOrEmpty(name) ? "" : $"The coordinator '{name}': ";
        var failures = new List<string>();
        Try(nameof(options.LeaseDuration), key => LeaseTerms.CheckDuration(options.LeaseDuration, backend.MinDuration, key));
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
