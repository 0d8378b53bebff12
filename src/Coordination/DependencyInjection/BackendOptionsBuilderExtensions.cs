using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Coordination.DependencyInjection;

/// <summary>What the <c>Use…</c> methods of backends' packages do with their options.</summary>
public static class BackendOptionsBuilderExtensions
{
    /// <summary>
    /// Checks a backend's options when the host starts. Messages begin with where the option is: <c>Coordination:Redis:KeyPrefix …</c> when it comes from a section, and
    /// <c>The coordinator 'orders': KeyPrefix …</c> when it is set in code for a coordinator under a key. A section that is not there fails the start, with advice.
    /// </summary>
    /// <typeparam name="TOptions">The options.</typeparam>
    /// <param name="options">The options of one coordinator: those under its <see cref="ICoordinatorBuilder.Name"/>.</param>
    /// <param name="section">The section that they are bound from; <see langword="null"/> when they are set in code.</param>
    /// <param name="example">What a section may have in it, as JSON: <c>{ "Configuration": "localhost:6379" }</c>.</param>
    /// <param name="failures">Says what is wrong with the options, each message beginning with the option's name.</param>
    /// <param name="address">The option that says where the servers are: where it is wrong and the section does not have it, the message says what the section has.</param>
    /// <param name="clearAddress">
    /// Empties that option where it has a default, which <paramref name="failures"/> then objects to. A section that was written names the servers, or misspells the key:
    /// without this its locks would be those of a server that nobody chose. It comes before all else that sets the options, and is not called without a section.
    /// </param>
    /// <returns>The options.</returns>
    public static OptionsBuilder<TOptions> ValidateBackendOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(
        this OptionsBuilder<TOptions> options, IConfiguration? section, string example, Func<TOptions, IEnumerable<string>> failures,
        string? address = null, Action<TOptions>? clearAddress = null)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(example);
        ArgumentNullException.ThrowIfNull(failures);
        if (section is not null && clearAddress is not null)
        {
            // First of all, so that an address which code sets counts, before and after this.
            options.Services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<TOptions>>(new ConfigureNamedOptions<TOptions>(options.Name, clearAddress)));
        }

        options.Services.AddSingleton<IValidateOptions<TOptions>>(new Validator<TOptions>(options.Name, section, example, failures, address));
        return options.ValidateOnStart();
    }

    private sealed class Validator<TOptions>(
        string coordinator, IConfiguration? section, string example, Func<TOptions, IEnumerable<string>> failures, string? address) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            if (name != coordinator)
            {
                return ValidateOptionsResult.Skip;
            }

            if (OptionsPlace.Missing(section) is { } missing)
            {
                return ValidateOptionsResult.Fail($"{missing} Add it: \"{((IConfigurationSection)section!).Key}\": {example}.");
            }

            var where = OptionsPlace.Prefix(section, name);
            var found = failures(options).Select(failure => where + failure + KeysInstead(failure)).ToList();
            return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
        }

        private string KeysInstead(string failure) =>
            address is not null && failure.StartsWith(address, StringComparison.Ordinal) && OptionsPlace.KeysInsteadOf(address, section) is { } keys
                ? $" {keys} Write {example}."
                : "";
    }
}
