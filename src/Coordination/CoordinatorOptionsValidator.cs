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
        var failures = Check(options, AnyBackend);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    public static List<string> Check(CoordinatorOptions options, BackendDescription backend)
    {
        var failures = new List<string>();
        Try(() => LeaseTerms.CheckDuration(options.LeaseDuration, backend.MinDuration, nameof(options.LeaseDuration)));
        if (options.SafetyMargin is { } margin)
        {
            Try(() => LeaseTerms.CheckMargin(margin, options.LeaseDuration, backend.Evidence, nameof(options.SafetyMargin)));
        }

        Try(() => LeaseTerms.CheckValue(options.Holder, nameof(options.Holder)));
        if (options.OperationTimeout < MinOperationTimeout || options.OperationTimeout > MaxOperationTimeout)
        {
            failures.Add(
                $"{nameof(options.OperationTimeout)} must be from {MinOperationTimeout} to {MaxOperationTimeout}, but is {options.OperationTimeout}.");
        }

        return failures;

        void Try(Action check)
        {
            try
            {
                check();
            }
            catch (ArgumentException exception)
            {
                failures.Add(exception.Message);
            }
        }
    }
}
